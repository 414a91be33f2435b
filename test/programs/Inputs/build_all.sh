#!/bin/sh
# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# build_all.sh FOLDER SPEC…: builds the specs, and writes FOLDER/models.h, an array `all` of their tables.
set -e
folder=$1
shift
list=
for spec in "$@"; do
  stem=$(basename "$spec" .yaml)
  runec build "$spec" -o "$folder"
  echo "extern \"C\" const rune_model ${stem}_model;"
  list="$list&${stem}_model, "
done > "$folder/models.h"
echo "static const rune_model *const all[] = {$list};" >> "$folder/models.h"
