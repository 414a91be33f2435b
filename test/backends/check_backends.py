#!/usr/bin/env python3
"""Compiles specs with both back ends, runs everything on the same inputs (rune-backends), and compares every byte.

    check_backends.py --work DIR [--step K [--start S]] LINES.test…

The lines are those of test/gradients, or `spec | FILE | sizes | draws`. With K every Kth line is taken, from the Sth.
Python's standard library only."""

import argparse
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / "golden"), str(TESTS / "gradients")]

from check_gradients import command_of, lines_of
from jobs import run_jobs

# One target, of the width of the other back end's code.
COMPILE = (
    "g++ -std=c++17 -O1 -Wall -Wextra -Wconversion -Werror -shared -fPIC -march=x86-64-v3 -maes -mpclmul"
    f" -DHWY_COMPILE_ONLY_STATIC -I {TESTS.parent}/runtime/include"
)


def of_spec(line):
    _, path, sizes, draws = (part.strip() for part in line.split("|"))
    options = []
    for one in sizes.split(";"):
        options += ["--sizes", one.strip().replace(" ", ",")] if one.strip() else []
    for one in draws.split():
        options += ["--below", one.replace("<", "=")] if "<" in one else ["--range", one]
    return path, str(TESTS.parent / path), options


def check(line, work):
    name, path, options = of_spec(line) if line.startswith("spec ") else command_of(line, work)
    work.mkdir(parents=True, exist_ok=True)
    command = ["rune-backends", path, "--work", str(work), "--compile", COMPILE, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    alike = done.returncode == 0 and all(l.endswith(" values alike") for l in done.stdout.splitlines())
    return [] if alike and done.stdout else [f"{name}: {done.returncode}: {done.stdout[-600:]}{done.stderr[:600]}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("lines", type=pathlib.Path, nargs="+")
    args = parser.parse_args()
    lines = [line for path in args.lines for line in lines_of(path)]
    lines = [line for line in lines if not line.split("|")[0].strip().endswith("!")]
    run_jobs(lines[args.start :: args.step], lambda line: check(line, args.work), [], "specs")


if __name__ == "__main__":
    main()
