// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

include "RuneStructure.td"
include "RunePrimitives.td"
include "RuneCodegen.td"
