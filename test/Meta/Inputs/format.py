"""Every C++ file of ours is as .clang-format says: format.py ROOT"""

import pathlib
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
folders = ("compiler", "runtime", "specs", "test", "docs")
files = [path for folder in folders for suffix in ("cpp", "cc", "h", "c") for path in sorted((root / folder).rglob("*." + suffix))]
assert len(files) > 100, "the sources were not found"
sys.exit(subprocess.run(["clang-format-22", "--dry-run", "-Werror", *files]).returncode)
