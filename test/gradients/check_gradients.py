#!/usr/bin/env python3
"""Checks gradients in f64 against central differences, each line `name | module | expression | inputs | sizes | draws`:
the module (`-`: none) is called `f` in the expression over the inputs. Sizes are `n=1 m=3; n=0 m=3`; draws `x=0.1:0.9`
for a range of reals, `index<5` for integers below a bound. The loss weighs the elements of the expression's value, which
is a tensor or a list of tensors, each by another number, times a parameter. A line whose name ends in `!` must fail.

    check_gradients.py --work DIR LINES.test

Python's standard library only."""

import argparse
import pathlib
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "golden"))

from jobs import run_jobs

SPEC = """runestone: 1
model: Net
inputs: {inputs}
modules:
  Net:
    parameters: {{gain: {{shape: [], init: ones}}}}
{submodules}    forward:
      inputs: {inputs}
      do:
        - out: "{expression}"
        - flat: out.reshape(-1)
        - return: "(flat * cos(arange(numel(out)) * 0.7 + 0.3)).sum() * gain"
training:
  loss: {{do: "model({names})"}}
  optimizer: {{SGD: {{lr: 0.1}}}}
"""


def names(inputs):
    depth, name, found = 0, "", []
    for character in inputs.strip()[1:-1]:
        if character == ":" and depth == 0:
            found.append(name.strip(" ,"))
        name = "" if character == "," and depth == 0 or character == ":" else name + character
        depth += (character in "[{") - (character in "]}")
    return found


def command_of(line, work):
    """The line's name, its spec, and the options that draw its inputs."""
    name, module, expression, inputs, sizes, draws = (part.strip() for part in line.split("|"))
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"{name.rstrip('!')}.yaml"
    submodules = "" if module == "-" else f"    submodules: {{f: {module}}}\n"
    path.write_text(
        SPEC.format(inputs=inputs, submodules=submodules, expression=expression, names=", ".join(names(inputs)))
    )
    options = []
    for one in sizes.split(";"):
        options += ["--sizes", one.strip().replace(" ", ",")]
    for one in draws.split():
        options += ["--below", one.replace("<", "=")] if "<" in one else ["--range", one]
    return name, str(path), options


def lines_of(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def check(line, work):
    name, path, options = command_of(line, work)
    command = ["rune-gradients", path, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    wrong = done.returncode != 0 or not any(int(l.rsplit(" ", 2)[1]) > 1 for l in done.stdout.splitlines())
    if name.endswith("!"):
        refused = done.returncode == 1 and "the difference says" in done.stdout
        return [] if refused else [f"{name}: passes, or fails otherwise: {done.stdout}{done.stderr}"]
    told = [words for words in done.stdout.splitlines() if not words.endswith(" elements")] + done.stderr.splitlines()
    return [f"{name}: {words}" for words in told or [done.stdout]] if wrong else []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("lines", type=pathlib.Path)
    args = parser.parse_args()
    lines = lines_of(args.lines)
    assert len({line.split("|")[0] for line in lines}) == len(lines)
    run_jobs(lines, lambda line: check(line, args.work), [], "checks")


if __name__ == "__main__":
    main()
