#!/usr/bin/env python3
"""Prints how many rows of logits have their largest at the label: accuracy.py OUTPUTS.safetensors DATA.safetensors"""

import sys

from check_case import read

logits, labels = read(sys.argv[1])[0]["output"], read(sys.argv[2])[0]["label"].values()
columns = logits.shape[1]
values = logits.values()
rows = [values[i * columns : (i + 1) * columns] for i in range(len(labels))]
print(sum(row.index(max(row)) == label for row, label in zip(rows, labels)), "of", len(labels))
