#!/usr/bin/env python3
"""Builds the digits with the newest Highway that PyPI has (numpy's source distribution holds one), for two targets,
runs them, and prints checksums of the states that they save.

    newest.py CACHE WORK LIBRUNE

Says so, and no more, where PyPI cannot be reached. Python's standard library only."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INDEX = "https://pypi.org/pypi/numpy/json"
TARGETS = {"AVX2": ["-march=x86-64-v3", "-maes", "-mpclmul"], "SSE4": ["-march=x86-64-v2", "-maes", "-mpclmul"]}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr[:4000]}")
    return done.stdout


def fetch(cache):
    if (cache / "hwy/highway.h").exists():
        return
    with urllib.request.urlopen(INDEX, timeout=30) as answer:
        files = json.load(answer)["urls"]
    address = next(file["url"] for file in files if file["packagetype"] == "sdist")
    with urllib.request.urlopen(urllib.parse.urljoin(INDEX, address), timeout=60) as answer:
        with tarfile.open(fileobj=answer, mode="r|gz") as archive:
            for member in archive:
                inside = re.search(r"/highway/(hwy/.*\.(?:h|cc))$", member.name)
                if member.isfile() and inside:
                    path = cache / inside[1]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.extractfile(member).read())


def main():
    cache, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    try:
        fetch(cache)
    except (OSError, urllib.error.URLError) as error:
        print(f"PyPI cannot be reached: {error}")
        return
    parts = re.findall(r"#define HWY_(?:MAJOR|MINOR|PATCH) (\d+)", (cache / "hwy/base.h").read_text())
    print("Highway", ".".join(parts))
    run("runec", "build", ROOT / "specs/digits_mlp.yaml", "--backend=highway", "-o", work)
    headers = ["-isystem", cache, "-I", ROOT / "runtime/include"]
    for target, flags in TARGETS.items():
        code, program, state = work / f"{target}.o", work / target, work / f"{target}.st"
        run("g++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-DHWY_COMPILE_ONLY_STATIC", *flags,
            *headers, "-c", work / "digits_mlp.cc", "-o", code)  # fmt: skip
        run("g++", "-std=c++20", "-O2", *headers, "-I", work, ROOT / "test/backends/Inputs/digits.cc", code,
            sys.argv[3], "-o", program)  # fmt: skip
        told = run(program, ROOT / "specs/data/digits-train.safetensors", state).strip()
        print(f"{target}: {told}, {hashlib.md5(state.read_bytes()).hexdigest()}")


main()
