#!/usr/bin/env python3
"""Writes test/golden/models/NAME.safetensors for each test/models/NAME.yaml from its PyTorch twin,
test/golden/models/NAME.py, which defines make() and inputs (name to tensor, in the order of forward) and may define
call (what forward is given, where that is more), prepare(module), near and constant (see check_golden.py)."""

import importlib.util
import sys

from golden import GENERATOR, HERE, Golden


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(path.stem for path in (HERE.parent / "models").glob("*.yaml"))
    for name in names:
        GENERATOR.manual_seed(1)
        twin = load(HERE / "models" / f"{name}.py")
        golden = Golden()
        options = {option: getattr(twin, option, None) for option in ("call", "prepare", "near", "constant")}
        golden.add("model", twin.make, twin.inputs, **options)
        golden.save(HERE / "models" / f"{name}.safetensors")
