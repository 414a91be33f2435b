# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""terminal.py COMMAND…: runs a command on a terminal of its own and prints what it wrote there, escapes spelled out."""
import os
import pty
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
shown = b""
try:
    while data := os.read(terminal, 4096):
        shown += data
except OSError:  # the command has ended
    pass
os.waitpid(child, 0)
print(shown.decode().replace("\x1b", "<ESC>").replace("\r", ""), end="")
