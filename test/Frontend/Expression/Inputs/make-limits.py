# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the expressions of limits.test, one a line; all but the last within the limit on the length."""
import sys

n = 15000
lines = [
    "(" * n + "1" + ")" * n,
    "[" * n + "1" + "]" * n,
    "f(" * n + "1" + ")" * n,
    "-" * n + "1",
    "not " * n + "1",
    "1 if 1 else " * 5000 + "1",
    "1**" * n + "1",
    "1+" * n + "1",
    "x" + ".x" * n,
    "1 " + "+ 1" * 30000,
]
with open(sys.argv[1], "w") as file:
    file.writelines(f'- "{line}"\n' for line in lines)
