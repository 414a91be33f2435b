// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All of the runtime.

#ifndef RUNE_RUNE_H
#define RUNE_RUNE_H

#include "rune/c_api.h"
#include "rune/call.h"
#include "rune/dataset.h"
#include "rune/error.h"
#include "rune/generator.h"
#include "rune/hooks.h"
#include "rune/init.h"
#include "rune/model.h"
#include "rune/module.h"
#include "rune/parameter.h"
#include "rune/safetensors.h"
#include "rune/shape.h"
#include "rune/state_dict.h"
#include "rune/table.h"
#include "rune/tensor.h"
#include "rune/threads.h"
#include "rune/trainer.h"
#include "rune/workspace.h"

#endif // RUNE_RUNE_H
