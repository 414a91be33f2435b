#!/usr/bin/env python3
"""Runs `runec train` on a spec for some steps and compares with what PyTorch gave: the loss and the learning rate of
every step, parameters and buffers at the end, and their averages.

    check_steps.py --work DIR SPEC.yaml GOLDEN.safetensors

A golden file holds `data/NAME`, `valid/NAME`, `weights/KEY`, `loss`, `lr`, `parameters/KEY` and `average/NAME`, and in
its metadata `flags`, `batch`, `steps` and `free`: keys that are not compared. Python's standard library only."""

import argparse
import pathlib
import sys

from check_case import differences, read, write
from check_golden import runec
from check_train import apart, column, under


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("spec")
    parser.add_argument("golden")
    args = parser.parse_args()
    golden, notes = read(args.golden)
    args.work.mkdir(parents=True, exist_ok=True)
    out = args.work / "run"
    files = []
    for option in ("data", "weights", "valid"):
        tensors = under(golden, f"{option}/")
        if tensors:
            write(args.work / f"{option}.safetensors", tensors)
            files += [f"--{option}", args.work / f"{option}.safetensors"]
    counts = ["--steps", notes["steps"], "--batch-size", notes["batch"]]
    runec("train", args.spec, *notes["flags"].split(), *files, *counts, "--no-shuffle", "--out", out)
    found = apart("loss", golden["loss"].values(), column(out / "loss.csv", "loss"), 2e-5)
    found += apart("lr", golden["lr"].values(), column(out / "loss.csv", "lr"), 1e-6)
    # The gradient of a bias before a batch norm is what rounding leaves of zero: an optimizer that looks at its sign
    # alone goes anywhere, and the running mean with it.
    free = notes.get("free", "").split()
    last = read(out / "last.safetensors")[0]
    found += differences(*({k: t for k, t in s.items() if k not in free} for s in (under(golden, "parameters/"), last)), "each")
    average = under(golden, "average/")
    if average:
        found += differences(average, read(out / "ema.safetensors")[0], "each")
    print(f"{len(golden['loss'].values())} steps, {len(found)} differences")
    sys.stderr.write("".join(f"{words}\n" for words in found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
