// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model for C and for foreign function interfaces. No exception leaves these functions: each returns
// RUNE_C_OK or another rune_c_status, and rune_last_error() then tells the calling thread what was wrong.

#ifndef RUNE_C_API_H
#define RUNE_C_API_H

#include "rune/table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rune_handle rune_handle;

enum rune_c_status {
  RUNE_C_OK = 0,
  RUNE_C_ERROR = 1,     // wrong input: shape, file, index
  RUNE_C_NO_MEMORY = 2, // the memory is not to be had
  RUNE_C_INTERNAL = 3   // anything else
};

/// Allocates a model; *handle is null where that fails.
int32_t rune_model_create(const rune_model *model, rune_handle **handle);
void rune_model_destroy(rune_handle *handle);
int32_t rune_model_reset_parameters(rune_handle *handle, uint64_t seed);
/// Loads and saves safetensors files.
int32_t rune_model_load(rune_handle *handle, const char *path);
int32_t rune_model_save(const rune_handle *handle, const char *path);
/// Runs an entry without hooks. `inputs` and `outputs` point to contiguous, row-major data (a run-time integer is one
/// int64_t); `symbols` are the entry's dynamic sizes. Allocates a workspace:
/// rune_model_forward_in does not. Many threads may call it on one handle at once.
int32_t rune_model_forward(const rune_handle *handle, int32_t entry, const void *const *inputs, void *const *outputs,
                           const int64_t *symbols);

typedef struct rune_workspace rune_workspace;
/// A workspace for sizes up to `symbols`; one a thread.
int32_t rune_workspace_create(const rune_handle *handle, int32_t entry, const int64_t *symbols,
                              rune_workspace **workspace);
void rune_workspace_destroy(rune_workspace *workspace);
/// rune_model_forward without any allocation.
int32_t rune_model_forward_in(const rune_handle *handle, int32_t entry, const void *const *inputs, void *const *outputs,
                              const int64_t *symbols, rune_workspace *workspace);

/// What the calling thread's last failed call said; "" before the first.
const char *rune_last_error(void);

#ifdef __cplusplus
}
#endif

#endif // RUNE_C_API_H
