// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of librune that calls run through, in one file, to be compiled with a sanitizer. The rest comes from the
// library as it is.

#include "Bind.cpp"
#include "Call.cpp"
#include "HookRegistry.cpp"
#include "Layout.cpp"
#include "LoadStateDict.cpp"
#include "Memory.cpp"
#include "Model.cpp"
#include "ModelImpl.cpp"
#include "Parameter.cpp"
#include "Registry.cpp"
#include "Shape.cpp"
#include "SizeExpression.cpp"
#include "StateDict.cpp"
#include "Tensor.cpp"
#include "TensorCopy.cpp"
#include "Text.cpp"
#include "Workspace.cpp"
