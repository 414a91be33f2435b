# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the specs of limits.test into a folder."""
import os
import sys


def write(name, text):
    with open(os.path.join(sys.argv[1], name + ".yaml"), "w") as file:
        file.write(text)


write("brackets", "[" * 1000000)
write("braces", "{a: " * 100000)
write("dashes", "- " * 501 + "a\n")
write("indents", "".join(" " * i + "a:\n" for i in range(501)))
write("deep64", "[" * 64 + "]" * 64 + "\n")
levels = ["a0: &a0 x\n"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)]
write("bomb", "".join(levels))
write("text-bomb", "a: &a " + "x" * 100000 + "\nb: [" + ", ".join(["*a"] * 100000) + "]\n")
write("recursive", "a: &a [*a]\nb: {c: &c {d: [*c]}}\n")
write("nodes", "- a\n" * 1100000)
write("same-keys", "a: 1\n" * 300000)
write("long-line", "k: " + "a" * 10000 + ": " + "b" * 10000 + "\n")
with open(os.path.join(sys.argv[1], "huge.yaml"), "wb") as file:
    file.truncate(100 << 20)
