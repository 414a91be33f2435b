#!/usr/bin/env python3
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""kill.py TIMES SEED WORK COMMAND…: runs a training undisturbed into WORK/whole, then another into WORK/killed that is
killed at TIMES random moments and resumed each time; their files must be the same bytes."""

import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

times, seed, work, command = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4:]
draw = random.Random(seed)


def start(name, *more):
    return subprocess.Popen([*command, "--out", work / name, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


begun = time.monotonic()
assert start("whole").wait() == 0
span = time.monotonic() - begun
finished = 0
for _ in range(times):
    process = start("killed", "--resume")
    time.sleep(draw.uniform(0, 0.5 * span))
    process.send_signal(signal.SIGKILL)
    if process.wait() == 0:
        finished += 1
        shutil.rmtree(work / "killed")
assert start("killed", "--resume").wait() == 0
whole, other = ({path.name: path.read_bytes() for path in (work / name).iterdir()} for name in ("whole", "killed"))
differing = sorted(name for name in whole.keys() | other.keys() if whole.get(name) != other.get(name))
print(f"{times} kills, {finished} runs came to their end; {len(whole)} files, {len(differing)} differ: {differing}")
sys.exit(1 if differing or len(whole) < 5 else 0)
