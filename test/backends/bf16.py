#!/usr/bin/env python3
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bf16.py FOLDER: writes an image, and a layer and inputs whose products lie about 2^-126.
bf16.py FOLDER OUTPUTS: compares what became of them with integer arithmetic, bit for bit."""

import json
import pathlib
import random
import struct
import sys

ROWS, DEPTH, COLUMNS = 20, 41, 70
UNIT = 2**320  # every number is an integer of these parts
SMALLEST = UNIT >> 126

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)


def save(name, key, shape, values):
    header = json.dumps({key: {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * len(values)]}}).encode()
    (folder / name).write_bytes(struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(values)}f", *values))


def rounded(number, bits):
    """To nearest even."""
    extra = max(abs(number).bit_length() - bits, 0)
    low, half = abs(number) & ((1 << extra) - 1), (1 << extra) >> 1
    up = low > half or (extra and low == half and (abs(number) >> extra) & 1)
    return ((abs(number) >> extra) + bool(up) << extra) * (1 if number >= 0 else -1)


def bf16(value):
    number = rounded(int(value * 2.0**200) * (UNIT >> 200), 8)
    return number if abs(number) >= SMALLEST else 0


def add_product(total, x, y):
    total = rounded(total + x * y // UNIT, 24)
    return total if abs(total) >= SMALLEST else 0


generator = random.Random(1)
single = lambda value: struct.unpack("<f", struct.pack("<f", value))[0]
x = [single(generator.uniform(-1, 1) * 2.0**-66) for _ in range(ROWS * DEPTH)]
weight = [single(generator.uniform(-1, 1) * 2.0**-60) for _ in range(COLUMNS * DEPTH)]

if len(sys.argv) == 2:
    save("one.st", "x", [1, 64], [single(generator.uniform(0, 1)) for _ in range(64)])
    save("rows.st", "x", [ROWS, DEPTH], x)
    save("tiny.st", "0.weight", [COLUMNS, DEPTH], weight)
    (folder / "tiny.yaml").write_text(
        "runestone: 1\nmodel:\n  layers:\n"
        f"    - {{Linear: {{in_features: {DEPTH}, out_features: {COLUMNS}, bias: false}}}}\n"
        f"inputs: {{x: {{shape: [batch, {DEPTH}]}}}}\n"
    )
    sys.exit()

data = pathlib.Path(sys.argv[2]).read_bytes()
given = struct.unpack(f"<{ROWS * COLUMNS}f", data[-4 * ROWS * COLUMNS :])
x, weight = [bf16(value) for value in x], [bf16(value) for value in weight]
wrong = zeros = 0
for row in range(ROWS):
    for column in range(COLUMNS):
        total = 0
        for k in range(DEPTH):
            k = k ^ 1 if k | 1 < DEPTH else k  # the second of a pair first
            total = add_product(total, x[row * DEPTH + k], weight[column * DEPTH + k])
        value = given[row * COLUMNS + column]
        wrong += int(value * 2.0**200) * (UNIT >> 200) != total
        zeros += value == 0
sys.exit(f"{wrong} of {ROWS * COLUMNS} differ" if wrong else 0 if zeros else "nothing was flushed")
