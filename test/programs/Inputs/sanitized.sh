#!/bin/sh
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# sanitized.sh SANITIZERS BUILD ROOT COMPILER ARGUMENTS…: compiles and links a program with the sanitizers, and with a
# librune that has them too, which is made once for all tests.
set -e
sanitizers=$1 build=$2 root=$3 compiler=$4
shift 4
folder=$build/test/programs/librune-$(echo "$sanitizers" | tr , -)
librune=$folder/librune.a

compile() {
  "$compiler" -std=c++20 -Wall -Wextra -Werror "-fsanitize=$sanitizers" -fno-sanitize-recover=all \
    -gline-tables-only -O0 -I "$root/runtime/include" "$@"
}

mkdir -p "$folder"
(
  flock 9
  newer=
  [ -e "$librune" ] && newer=$(find "$root/runtime" -type f -newer "$librune")
  if [ ! -e "$librune" ] || [ -n "$newer" ]; then
    rm -f "$folder"/*.o "$librune"
    (cd "$folder" && compile -c "$root"/runtime/src/*.cpp)
    ar rcs "$librune.new" "$folder"/*.o
    mv "$librune.new" "$librune"
  fi
) 9> "$folder/lock"
compile "$@" "$librune" -lgomp
