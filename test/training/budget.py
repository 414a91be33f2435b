#!/usr/bin/env python3
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""budget.py FOLDER: writes a transformer with dropout and batch norm in it, and data to train it on."""

import json
import pathlib
import random
import struct
import sys

SPEC = """runestone: 1
model: Net
inputs: {x: {shape: [batch, 12, 32]}}
modules:
  Block:
    submodules:
      norm1: {LayerNorm: {normalized_shape: 32}}
      attention: {MultiheadAttention: {embed_dim: 32, num_heads: 2, dropout: 0.1, batch_first: true}}
      norm2: {LayerNorm: {normalized_shape: 32}}
      mlp:
        layers:
          - {Linear: {in_features: 32, out_features: 64}}
          - GELU
          - {Dropout: {p: 0.1}}
          - {Linear: {in_features: 64, out_features: 32}}
    forward:
      inputs: {x: [b, n, 32]}
      do:
        - h: norm1(x)
        - y, w: attention(h, h, h, need_weights=false)
        - x: x + y
        - return: x + mlp(norm2(x))
  Net:
    submodules:
      blocks: {repeat: 6, of: Block}
      head: {Linear: {in_features: 32, out_features: 5}}
      norm: {BatchNorm1d: {num_features: 12}}
    forward:
      inputs: {x: [b, 12, 32]}
      do:
        - return: norm(head(blocks(x)))
training:
  targets: {y: {shape: [batch, 12, 5]}}
  loss: MSELoss
  optimizer: {AdamW: {lr: 1e-3}}
"""

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
(folder / "net.yaml").write_text(SPEC)
generator = random.Random(1)
header, data = {}, b""
for key, shape in (("x", [40, 12, 32]), ("y", [40, 12, 5])):
    values = [generator.gauss(0, 1) for _ in range(shape[0] * shape[1] * shape[2])]
    packed = struct.pack(f"<{len(values)}f", *values)
    header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
    data += packed
text = json.dumps(header).encode()
(folder / "data.st").write_bytes(struct.pack("<Q", len(text)) + text + data)
