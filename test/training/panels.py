#!/usr/bin/env python3
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""panels.py FOLDER: writes a net whose weights are updated in panels (large and small ones, with sides that are whole
panels and that are not), the same with a limit of the gradients' norm that is never reached, which keeps the updates
row-major, and data for both."""

import json
import pathlib
import random
import struct
import sys

NET = """runestone: 1
model:
  layers:
    - {{Linear: {{in_features: 61, out_features: 512}}}}
    - ReLU
    - {{Linear: {{in_features: 512, out_features: 512}}}}
    - Tanh
    - {{Linear: {{in_features: 512, out_features: 520}}}}
    - ReLU
    - {{Linear: {{in_features: 520, out_features: 48}}}}
inputs: {{x: {{shape: [batch, 61]}}}}
training:
  targets: {{y: {{shape: [batch, 48]}}}}
  loss: MSELoss
  optimizer: {{{optimizer}}}
  {more}
"""
ADAM = "Adam: {lr: 1e-3, weight_decay: 1e-2}"
SGD = "SGD: {lr: 0.1, momentum: 0.9}"

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
for name, optimizer, more in (("adam", ADAM, ""), ("sgd", SGD, ""), ("parts", ADAM, "accumulate: 2")):
    (folder / f"{name}.yaml").write_text(NET.format(optimizer=optimizer, more=more))
    (folder / f"{name}_rows.yaml").write_text(NET.format(optimizer=optimizer, more=f"{more}\n  clip_grad_norm: 1e30"))

generator = random.Random(1)
for dtype, letter, size in (("F32", "f", 4), ("F64", "d", 8)):
    header, data = {}, b""
    for key, shape in (("x", [90, 61]), ("y", [90, 48])):
        values = [generator.gauss(0, 1) for _ in range(shape[0] * shape[1])]
        packed = struct.pack(f"<{len(values)}{letter}", *values)
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    (folder / f"{dtype.lower()}.st").write_bytes(struct.pack("<Q", len(text)) + text + data)
