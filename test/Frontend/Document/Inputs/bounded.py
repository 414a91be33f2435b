# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bounded.py SECONDS MEGABYTES COMMAND…: runs a command within these limits, and exits as it does."""
import resource
import sys
import subprocess

seconds, megabytes = int(sys.argv[1]), int(sys.argv[2])


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


sys.exit(subprocess.run(sys.argv[3:], preexec_fn=limit).returncode)
