# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pty

import lit.formats

config.name = "Runestone"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".yaml", ".test"]
config.excludes = ["Inputs", "bench", "tools"]
lit_config.maxIndividualTestTime = 600  # seconds
config.test_source_root = os.path.join(config.rune_source_dir, "test")
config.test_exec_root = os.path.join(config.rune_build_dir, "test")

try:
    os.close(pty.openpty()[0])
    config.available_features.add("terminal")
except OSError:  # a container without /dev/pts
    pass

binaries = os.path.join(config.rune_build_dir, "bin")
config.environment["PATH"] = os.pathsep.join(
    [binaries, config.llvm_tools_dir, os.environ.get("PATH", "/usr/bin:/bin")])
runtime = os.path.join(config.rune_source_dir, "runtime", "include")
librune = os.path.join(config.rune_build_dir, "lib", "librune.a")

# %cxx compiles and links a program that uses a model, as a user would; %gxx does with the distribution's compiler.
flags = f"-std=c++20 -Wall -Wextra -Werror -I {runtime}"
config.substitutions += [
    ("%cxx", f"{config.cxx} {flags}"),
    ("%gxx", f"g++ {flags}"),
    ("%librune", librune),
    ("%python", config.python),
    ("%golden", os.path.join(config.rune_source_dir, "test", "golden")),
    ("%specs", os.path.join(config.rune_source_dir, "specs")),
    ("%root", config.rune_source_dir),
    ("%build", config.rune_build_dir),
]
