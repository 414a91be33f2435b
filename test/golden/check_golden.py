#!/usr/bin/env python3
"""Runs runec on specs and compares with what PyTorch gave: the initial state for seed 0 (keys, every bit), the
printed form, the outputs.

    check_golden.py --work DIR [--gradients] model SPEC.yaml GOLDEN.safetensors     one spec
    check_golden.py --work DIR [--gradients] cases CASES.test GOLDEN.safetensors    lines `name | model | inputs`, each a spec

A golden file holds for each case `CASE/init/KEY`, `CASE/weights/KEY` where run takes others than init's,
`CASE/inputs/NAME` and `CASE/outputs/NAME`, for gradients `CASE/cotangents/grad_output`, `CASE/gradients/NAME` and, with
`run --train`, `CASE/trained/NAME`, and in its metadata `CASE/repr`, `CASE/tolerance` where values are to be near
one by one, `CASE/flags` for runec, `CASE/constant`: an input for which PyTorch has no gradient, and `CASE/near`: the keys, by pattern, whose initial bits differ (orthogonal's).
Python's standard library only."""

import argparse
import fnmatch
import os
import pathlib
import subprocess

from check_case import differences, read, write
from jobs import run_jobs


def runec(*arguments):
    done = subprocess.run(["runec", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            f"runec {' '.join(map(str, arguments))}: exit status {done.returncode}\n{done.stderr.strip()}"
        )
    return done.stdout


def check_init(spec, work, golden):
    expected = golden["init"]
    runec("init", spec, *golden["flags"], "--seed", 0, "-o", work / "init.safetensors")
    actual = read(work / "init.safetensors")[0]
    found = differences(expected, actual)
    exact = [name for name in expected if not fnmatch.fnmatchcase(name, golden["near"])]
    return found or differences({n: expected[n] for n in exact}, {n: actual[n] for n in exact}, "bits")


def check_print(spec, golden):
    printed = runec("print", spec)
    tree = golden["repr"] + "\n"
    return [] if printed.startswith(tree) else [f"expected\n{tree}got\n{printed}"]


def check_run(spec, work, golden):
    write(work / "weights.safetensors", golden["weights"] or golden["init"])
    write(work / "inputs.safetensors", golden["inputs"])
    output = work / "outputs.safetensors"
    weights, inputs = work / "weights.safetensors", work / "inputs.safetensors"
    runec("run", spec, *golden["flags"], "--weights", weights, "--inputs", inputs, "--outputs", output)
    return differences(golden["outputs"], read(output)[0], golden["tolerance"])


def check_gradients(spec, work, golden, kind, *flags):
    write(work / "weights.safetensors", golden["weights"] or golden["init"])
    write(work / "inputs.safetensors", golden["inputs"] | golden["cotangents"])
    output = work / f"{kind}.safetensors"
    files = ["--weights", work / "weights.safetensors", "--inputs", work / "inputs.safetensors", "--outputs", output]
    runec("run", spec, *golden["flags"], "--compute=gradients", *flags, *files)
    actual = read(output)[0]
    actual.pop(f"grad_input.{golden['constant']}", None)
    return differences(golden[kind], actual, golden["tolerance"])


def check(case, spec, work, golden, gradients):
    """The differences of one case, each with the step that showed it."""
    found = []
    steps = [
        ("init", lambda: check_init(spec, work, golden)),
        ("print", lambda: check_print(spec, golden)),
        ("run", lambda: check_run(spec, work, golden)),
    ]
    if gradients and golden["gradients"]:
        steps.append(("gradients", lambda: check_gradients(spec, work, golden, "gradients")))
    if gradients and golden["trained"]:
        steps.append(("trained", lambda: check_gradients(spec, work, golden, "trained", "--train")))
    for step, run in steps:
        try:
            found += [f"{case}: {step}: {words}" for words in run()]
        except (RuntimeError, OSError, ValueError) as error:
            found.append(f"{case}: {step}: {error}")
    return found


def no_case():
    kinds = ("init", "weights", "inputs", "outputs", "cotangents", "gradients", "trained")
    return {kind: {} for kind in kinds} | {"tolerance": "largest", "flags": "", "near": "", "constant": ""}


def load(path):
    """Golden files by case."""
    tensors, metadata = read(path)
    cases = {}
    for key, text in metadata.items():
        case, what = key.split("/", 1)
        cases.setdefault(case, no_case())[what] = text
    for key, tensor in tensors.items():
        case, kind, name = key.split("/", 2)
        cases[case][kind][name] = tensor
    for golden in cases.values():
        golden["flags"] = golden["flags"].split()
    return cases


def cases(path):
    """The specs of a .test file, by case."""
    for line in pathlib.Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            case, model, inputs = (part.strip() for part in line.split("|"))
            yield case, f"runestone: 1\nmodel: {model}\ninputs: {inputs}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--gradients", action="store_true", help="and the gradients of what has some")
    parser.add_argument("kind", choices=["model", "cases"])
    parser.add_argument("spec")
    parser.add_argument("golden")
    args = parser.parse_args()
    goldens = load(args.golden)
    jobs = []
    if args.kind == "model":
        jobs = [("model", pathlib.Path(args.spec).read_text())]
    else:
        jobs = list(cases(args.spec))
    failures = [f"{case}: no such case in the specs" for case in goldens if case not in dict(jobs)]
    failures += [f"{case}: no golden values" for case, _ in jobs if case not in goldens]

    def one(job):
        case, text = job
        work = args.work / case
        os.makedirs(work, exist_ok=True)
        spec = pathlib.Path(args.spec) if args.kind == "model" else work / "spec.yaml"
        if args.kind == "cases":
            spec.write_text(text)
        return check(case, spec, work, goldens[case], args.gradients)

    run_jobs([job for job in jobs if job[0] in goldens], one, failures)


if __name__ == "__main__":
    main()
