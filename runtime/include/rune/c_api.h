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

typedef struct rune_trainer rune_trainer;
/// Trains the model in place; it keeps the model's memory alive. One thread at a time.
int32_t rune_trainer_create(rune_handle *handle, rune_trainer **trainer);
void rune_trainer_destroy(rune_trainer *trainer);
/// One whole step: `arguments` are the inputs, then the targets, `symbols` their dynamic sizes; *loss (unless null) is
/// the loss. Nothing is allocated after the first call for the same sizes.
int32_t rune_trainer_step(rune_trainer *trainer, const void *const *arguments, const int64_t *symbols, double *loss);
/// The same in pieces, for one phase (0 where there are none): gradients add up until rune_trainer_zero_grad. The
/// arguments of the loss must stay in place until its backward.
int32_t rune_trainer_loss(rune_trainer *trainer, int32_t phase, const void *const *arguments, const int64_t *symbols,
                          double *loss);
int32_t rune_trainer_backward(rune_trainer *trainer, int32_t phase);
int32_t rune_trainer_optimizer_step(rune_trainer *trainer, int32_t phase);
int32_t rune_trainer_zero_grad(rune_trainer *trainer);
/// The loss in evaluation mode; *correct (unless null) is how many rows a classifier got right, else -1.
int32_t rune_trainer_evaluate(rune_trainer *trainer, const void *const *arguments, const int64_t *symbols, double *loss,
                              int64_t *correct);
int32_t rune_trainer_manual_seed(rune_trainer *trainer, uint64_t seed);
/// The whole state of a training in one file.
int32_t rune_trainer_save(const rune_trainer *trainer, const char *path);
int32_t rune_trainer_load(rune_trainer *trainer, const char *path);

/// What the calling thread's last failed call said; "" before the first.
const char *rune_last_error(void);

#ifdef __cplusplus
}
#endif

#endif // RUNE_C_API_H
