#!/usr/bin/env python3
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""losses.py RUN STEP:LOSS… --accuracy RIGHT/ALL: what `runec train` has logged, against PyTorch's.

Losses agree within 1e-4 relative up to step 21 and within 1e-3 after it; the accuracy within one example."""

import csv
import pathlib
import sys

folder, words, right = sys.argv[1], sys.argv[2:-2], sys.argv[-1]
with open(pathlib.Path(folder) / "loss.csv", newline="") as file:
    rows = list(csv.DictReader(file))
assert [int(row["step"]) for row in rows] == list(range(len(rows)))
for word in words:
    step, loss = word.split(":")
    got, tolerance = float(rows[int(step)]["loss"]), 1e-4 if int(step) <= 21 else 1e-3
    assert abs(got - float(loss)) <= tolerance * float(loss), f"step {step}: {got}, expected {loss}"
good, total = (int(part) for part in right.split("/"))
got = float(rows[-1]["valid_accuracy"]) * total
assert abs(got - good) <= 1.001, f"{got} right, expected {good}"
assert (pathlib.Path(folder) / "loss.svg").read_text().count("<polyline") == 4
