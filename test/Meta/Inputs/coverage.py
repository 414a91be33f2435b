#!/usr/bin/env python3
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every pass has a test of its own, and every op that the Highway back end prints; every primitive is used by one, and refused by one where it can be refused.

coverage.py ROOT"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
tests = {
    path: path.read_text(errors="ignore")
    for path in (root / "test").rglob("*")
    if path.suffix in (".mlir", ".test", ".py") and "Meta" not in path.parts
}
missing = []

runs = "\n".join(line for text in tests.values() for line in text.splitlines() if "RUN:" in line)
for path in sorted((root / "compiler").rglob("Passes.td")):
    for name in re.findall(r'^def \w+ : Pass<"([\w-]+)"', path.read_text(), re.M):
        if not re.search(rf"[-(,]{name}[,){{= ]", runs):
            missing.append(f"no test runs the pass '{name}' by itself")

for path in (root / "compiler/Emit").glob("Highway*.cpp"):
    for name in re.findall(r'printers\["([\w.]+)"\] =', path.read_text()):
        used = re.escape(name)
        if not any(re.search(rf"\b{used}\b", text) for at, text in tests.items() if "highway" in at.parts):
            missing.append(f"no test in Emit/highway prints '{name}'")

primitives = (root / "compiler/Dialect/RunePrimitives.td").read_text()
invalid = "".join(text for path, text in tests.items() if "invalid" in path.name)
valid = "".join(text for path, text in tests.items() if "invalid" not in path.name)
defined = re.findall(r'^def Rune_\w+ : (Rune_\w+)<"(\w+)"(.*)', primitives, re.M)
if not defined:
    missing.append("no primitives were found")
for kind, name, rest in defined:
    if not re.search(rf'rune\.{name}\b|"{name}"', valid):
        missing.append(f"no test uses 'rune.{name}'")
    can_be_refused = "hasVerifier" in rest or "(C1)" in primitives.split(f'<"{name}"')[1].split("\ndef ")[0]
    if can_be_refused and not re.search(rf"rune\.{name}\b", invalid):
        missing.append(f"no test refuses a 'rune.{name}'")

sys.stderr.write("".join(f"{words}\n" for words in missing))
sys.exit(1 if missing else 0)
