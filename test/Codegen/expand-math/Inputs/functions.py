# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a function `<name>_<type>_<lanes>` for every elementary function, that maps 4096 numbers."""
import sys

NAMES = "exp exp2 expm1 tanh erf log log2 log1p sin cos rsqrt powf remf".split()


def function(name, element, lanes):
    memory = f"memref<4096x{element}>"
    vector = f"vector<{lanes}x{element}>"
    value = element if lanes == 1 else vector

    def load(result, source):
        if lanes == 1:
            return f"    {result} = memref.load {source}[%i] : {memory}"
        return f"    {result} = vector.load {source}[%i] : {memory}, {vector}"

    binary = name in ("powf", "remf")
    dialect = "arith" if name == "remf" else "math"
    parameters = f"%a: {memory}, %b: {memory}, %out: {memory}"
    lines = [
        f"func.func @{name}_{element}_{lanes}({parameters}) {{",
        "  %zero = arith.constant 0 : index",
        "  %end = arith.constant 4096 : index",
        f"  %step = arith.constant {lanes} : index",
        "  scf.for %i = %zero to %end step %step {",
        load("%x", "%a"),
    ]
    if binary:
        lines.append(load("%y", "%b"))
    lines.append(f"    %r = {dialect}.{name} {'%x, %y' if binary else '%x'} : {value}")
    if lanes == 1:
        lines.append(f"    memref.store %r, %out[%i] : {memory}")
    else:
        lines.append(f"    vector.store %r, %out[%i] : {memory}, {vector}")
    return "\n".join(lines + ["  }", "  return", "}"])


def main():
    for name in NAMES:
        for variant in sys.argv[1:]:
            element, lanes = variant.split("x")
            print(function(name, element, int(lanes)))


main()
