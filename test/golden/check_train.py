#!/usr/bin/env python3
"""Runs `runec train` on small networks and compares with what PyTorch gave: the loss and the learning rate of every
step, and the parameters at the end.

    check_train.py --work DIR --steps N CASES.test GOLDEN.safetensors    lines `name | entry of training: | …`

A line named `model` holds the model. A golden file holds `data/NAME`, `weights/KEY`, and for each case
`CASE/parameters/KEY`, `CASE/loss` and `CASE/lr`. Python's standard library only."""

import argparse
import csv
import math
import os
import pathlib

from check_case import differences, read, write
from check_golden import runec
from jobs import run_jobs

SPEC = """runestone: 1
model: {model}
inputs: {{x: {{shape: [batch, 3]}}}}
training:
  targets: {{y: {{shape: [batch, 1]}}}}
  loss: MSELoss
"""


def column(path, name):
    with open(path, newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


def apart(name, expected, actual, tolerance):
    """The first place where two lists of numbers differ, in words."""
    if len(expected) != len(actual):
        return [f"{name}: expected {len(expected)} values, got {len(actual)}"]
    for i, (a, b) in enumerate(zip(expected, actual)):
        if not (abs(a - b) <= tolerance * max(abs(a), 1e-3) or math.isnan(a) and math.isnan(b)):
            return [f"{name} at step {i}: expected {a!r}, got {b!r}"]
    return []


def under(tensors, prefix):
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def check(case, text, work, golden, steps):
    os.makedirs(work, exist_ok=True)
    spec, out = work / "spec.yaml", work / "run"
    spec.write_text(text)
    write(work / "data.safetensors", under(golden, "data/"))
    write(work / "weights.safetensors", under(golden, "weights/"))
    files = ["--data", work / "data.safetensors", "--weights", work / "weights.safetensors", "--out", out]
    runec("train", spec, *files, "--steps", steps, "--batch-size", 5, "--seed", 0, "--no-shuffle")
    found = apart("loss", golden[f"{case}/loss"].values(), column(out / "loss.csv", "loss"), 2e-5)
    found += apart("lr", golden[f"{case}/lr"].values(), column(out / "loss.csv", "lr"), 1e-6)
    return found + differences(under(golden, f"{case}/parameters/"), read(out / "last.safetensors")[0], "each")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("cases")
    parser.add_argument("golden")
    args = parser.parse_args()
    golden = read(args.golden)[0]
    lines = pathlib.Path(args.cases).read_text().splitlines()
    rows = [[part.strip() for part in line.lstrip("# ").split(" | ")] for line in lines if " | " in line]
    head = SPEC.format(model=dict(row for row in rows if row[0] == "model")["model"])
    jobs = [(row[0], head + "".join(f"  {entry}\n" for entry in row[1:])) for row in rows if f"{row[0]}/loss" in golden]
    cases = {name.split("/")[0] for name in golden} - {"data", "weights"}
    failures = [f"{case}: no such case" for case in sorted(cases - {case for case, _ in jobs})]

    def one(job):
        case, text = job
        try:
            return [f"{case}: {words}" for words in check(case, text, args.work / case, golden, args.steps)]
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            return [f"{case}: {error}"]

    run_jobs(jobs, one, failures)


if __name__ == "__main__":
    main()
