#!/usr/bin/env python3
"""Every module of the standard library has golden cases and checks of its gradient, and every spec in test/models
golden values.

check_coverage.py ROOT"""

import pathlib
import re
import sys

# Families that have no golden values yet: convolutions, loops, and what only training uses.
EXEMPT = {"conv", "optim", "rnn", "schedules"}

root = pathlib.Path(sys.argv[1])
missing = []
gradients = (root / "test/gradients/modules.test").read_text()
for path in sorted((root / "specs/nn").glob("*.yaml")):
    text = path.read_text()
    modules = text[text.index("\nmodules:") :] if "\nmodules:" in text and path.stem not in EXEMPT else ""
    for name in re.findall(r"^  (\w+):", modules, re.M):
        test = root / f"test/nn/{name}.test"
        if not test.exists() or not re.search(rf"^[^#|]*\| *{{?{name}\b", test.read_text(), re.M):
            missing.append(f"{path.name}: {name} has no case in test/nn/{name}.test")
        if not re.search(rf"^[^#|]*\| *{{?{name}\b", gradients, re.M):
            missing.append(f"{path.name}: {name} has no line in test/gradients/modules.test")
specs = {path.stem for path in (root / "test/models").glob("*.yaml")}
goldens = {path.stem for path in (root / "test/golden/models").glob("*.safetensors")}
missing += [f"test/models and test/golden/models differ: {name}" for name in sorted(specs ^ goldens)]
sys.stderr.write("".join(f"{words}\n" for words in missing))
sys.exit(1 if missing or not specs else 0)
