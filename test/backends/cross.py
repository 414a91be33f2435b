#!/usr/bin/env python3
"""Builds the digits for another machine with both back ends, by Debian's cross compiler, runs them under qemu, and
prints a checksum of the state that each saves.

    cross.py ARCHITECTURE WORK HEADERS

The C++ is compiled for each of the architecture's targets that Highway has. Python's standard library only."""

import concurrent.futures
import hashlib
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SPEC, DATA = ROOT / "specs/digits_mlp.yaml", ROOT / "specs/data/digits-train.safetensors"
STATIC = ["-DHWY_COMPILE_ONLY_STATIC"]
# Name, flags of the C++, and epochs: qemu is slow at long vectors.
TARGETS = {
    "aarch64": [("neon", [], 20), ("sve", ["-march=armv8.2-a+sve", "-DHWY_BASELINE_TARGETS=HWY_SVE"], 1)],
    "riscv64": [("emu128", [], 20)],
}
QEMU = {"aarch64": ["-cpu", "max"], "riscv64": ["-cpu", "rv64,v=true,vlen=128,vext_spec=v1.0"]}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    architecture, work = sys.argv[1], pathlib.Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    # Only Highway's headers: /usr/include belongs to this machine.
    shutil.copytree(sys.argv[3] + "/hwy", work / "include/hwy", dirs_exist_ok=True)
    cxx = f"{architecture}-linux-gnu-g++"
    cached = ["ccache", cxx] if shutil.which("ccache") else [cxx]
    flags = ["-O2", "-I", ROOT / "runtime/include"]

    def compile_runtime(source):
        path = work / (source.stem + ".o")
        run(*cached, "-std=c++20", *flags, "-ffp-contract=off", "-fno-math-errno", "-c", source, "-o", path)
        return path

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runtime = list(pool.map(compile_runtime, sorted((ROOT / "runtime/src").glob("*.cpp"))))

    def execute(name, code, epochs):
        program, state = work / name, work / f"{name}.safetensors"
        sources = [ROOT / "test/backends/Inputs/digits.cc", code, *runtime, "-lgomp"]
        run(cxx, "-std=c++20", *flags, "-I", work, "-static", *sources, "-o", program)
        told = run(f"qemu-{architecture}-static", *QEMU[architecture], program, DATA, state, epochs).strip()
        print(f"{name}: {told}, {hashlib.md5(state.read_bytes()).hexdigest()}", flush=True)

    run("runec", "build", SPEC, f"--target={architecture}-linux-gnu", "-o", work)
    code = work / "llvm.o"
    (work / "digits_mlp.o").rename(code)
    for epochs in sorted({epochs for _, _, epochs in TARGETS[architecture]}):
        execute("llvm", code, epochs)
    run("runec", "build", SPEC, "--backend=highway", "-o", work)
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-isystem", work / "include"]
    for name, more, epochs in TARGETS[architecture]:
        code = work / f"{name}.o"
        run(cxx, "-std=c++17", *flags, *warnings, *STATIC, *more, "-c", work / "digits_mlp.cc", "-o", code)
        execute(name, code, epochs)


main()
