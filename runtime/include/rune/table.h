// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the compiler tells the runtime of a model: constant tables in plain C, which the object file (or the emitted
// C++) of the model holds, and which `runec` builds in memory for its own runs. Nothing here is allocated or freed.

#ifndef RUNE_TABLE_H
#define RUNE_TABLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RUNE_TABLE_VERSION = 3 };

enum rune_dtype { RUNE_F32 = 0, RUNE_F64 = 1, RUNE_I64 = 2, RUNE_BOOL = 3 /* one byte, 0 or 1 */ };

// An integer expression over an entry's symbols, in reverse Polish notation: RUNE_PUSH value, RUNE_SYMBOL index, or an
// operator alone. Division and remainder round towards minus infinity.
enum rune_expr_code { RUNE_PUSH = 0, RUNE_SYMBOL = 1, RUNE_ADD = 2, RUNE_MUL = 3, RUNE_FLOORDIV = 4, RUNE_MOD = 5 };

typedef struct rune_expr {
  const int64_t *code;
  int64_t size; // words in `code`
} rune_expr;

// How a member lies in the state arena.
enum rune_layout {
  RUNE_ROW_MAJOR = 0,
  // The tensor seen as matrices [batch][n][k], element (b, n, k) at b * batch_stride + n * n_stride + k * k_stride of
  // its row-major order, kept as [batch][ceil(n / lanes)][k][lanes]; lanes past n are zero.
  RUNE_PANELS = 1,
  // An f32 tensor as panels [batch][ceil(n / lanes)][ceil(k / 2)][lanes][2] of bfloat16, rounded to nearest even, what
  // is smaller than 2^-126 to zero; past the last n and k are zeros.
  RUNE_PANELS_BF16 = 2,
};

typedef struct rune_storage {
  int64_t offset; // bytes from the start of the state arena
  int32_t layout; // rune_layout
  int32_t lanes;  // of panels: columns
  int64_t batch, n, k, batch_stride, n_stride, k_stride;
} rune_storage;

enum rune_member_kind { RUNE_PARAMETER = 0, RUNE_BUFFER = 1, RUNE_CONSTANT = 2 /* held, neither trained nor saved */ };
enum rune_member_flags { RUNE_TRAINABLE = 1, RUNE_PERSISTENT = 2 };

// Members come in the order of PyTorch's state_dict: a module's own parameters, its own buffers, its own constants,
// then its children's.
typedef struct rune_member {
  const char *name; // dotted: "fc1.weight"
  int32_t kind;     // rune_member_kind
  int32_t dtype;    // rune_dtype
  int32_t rank;
  int32_t module; // index of the module that registered it
  int32_t alias;  // its own index, or that of the earlier member whose storage it shares (tied parameters)
  int32_t flags;  // rune_member_flags
  const int64_t *shape;
  const rune_storage *storages; // all have to be written when the member changes; the first is exact
  int32_t storage_count;
  int32_t reserved;
} rune_member;

enum rune_module_kind { RUNE_PLAIN = 0, RUNE_SEQUENTIAL = 1, RUNE_MODULE_LIST = 2, RUNE_NONE = 3 /* prints "None" */ };

// Modules come in the order of named_modules(); the first is the model itself.
typedef struct rune_module_info {
  const char *name;       // dotted path, "" for the model itself
  const char *key;        // last component of the path
  const char *type;       // "Linear"
  const char *extra_repr; // as PyTorch prints it; may be ""; '\n' separates its lines
  int32_t parent;         // -1 for the model itself
  int32_t kind;           // rune_module_kind
} rune_module_info;

// A compiled function: `arguments` are pointers to the inputs (a run-time integer in its place among them: one i64),
// then to the outputs, each contiguous and row-major;
// `symbols` are the entry's dynamic sizes; `state` and `workspace` are arenas aligned to 64 bytes. `context` begins
// with a rune_context; it may be null where the entry has no flag that asks for one and no hook is registered. Returns
// 0 or a rune_status. Only functions that train write to `state`.
typedef int32_t (*rune_kernel)(const void *const *arguments, const int64_t *symbols, const void *state, void *workspace,
                               void *context);

// What a call needs beyond its arguments. rune_run_hooks gets the same address.
typedef struct rune_context {
  void *training; // the training arena, aligned to 64 bytes; null where nothing is trained
  uint64_t seed;  // of the generator: random functions draw from Philox 4x32-10 under this key, at the counters
  uint64_t draw;  // (element, op, draw): `draw` is another one in each call
} rune_context;

enum rune_status {
  RUNE_OK = 0,
  RUNE_INDEX_OUT_OF_RANGE = 1,
  RUNE_HOOK_FAILED = 2,
  RUNE_CHECK_FAILED = 16, // + index of the check
};

enum rune_scheme {
  RUNE_EMPTY = 0,           // left as it is; no draw
  RUNE_CONSTANT_VALUE = 1,  // value (zeros and ones too)
  RUNE_UNIFORM = 2,         // a, b
  RUNE_NORMAL = 3,          // mean, std
  RUNE_XAVIER_UNIFORM = 4,  // gain
  RUNE_XAVIER_NORMAL = 5,   // gain
  RUNE_KAIMING_UNIFORM = 6, // a; fan_out; nonlinearity
  RUNE_KAIMING_NORMAL = 7,  // a; fan_out; nonlinearity
  RUNE_TRUNC_NORMAL = 8,    // mean, std, a, b
  RUNE_ORTHOGONAL = 9,      // gain
  RUNE_SPARSE = 10,         // sparsity, std
  RUNE_EYE = 11,
  RUNE_DIRAC = 12,    // groups
  RUNE_COMPUTED = 13, // `function` of the members in `reads`
};

// One step of what the model's constructor does in PyTorch, in order.
typedef struct rune_init_step {
  int32_t member;
  int32_t scheme;           // rune_scheme
  double args[4];           // as listed at the scheme
  const char *nonlinearity; // kaiming: "leaky_relu" unless said; else null
  rune_kernel function;     // RUNE_COMPUTED: arguments are the members read, then the member's new value
  const int32_t *reads;
  int32_t read_count;
  int32_t fan_out;         // kaiming: 1 for mode='fan_out'
  int32_t discarded;       // 1: drawn, then thrown away (the member was tied to another one afterwards)
  int32_t workspace_bytes; // RUNE_COMPUTED: what `function` needs
} rune_init_step;

// An input or output of an entry.
typedef struct rune_value {
  const char *name;
  int32_t dtype;
  int32_t rank;          // -1: a run-time integer, one i64
  const rune_expr *dims; // a dimension that is one bare symbol binds it, where nothing before has; others are checked.
                         // An integer that is itself a size has one, its symbol; any other has null
} rune_value;

// A check of the spec on dynamic sizes: the message holds {0}, {1}, … for the values of `args`.
typedef struct rune_check {
  const char *message;
  const rune_expr *args;
  int32_t arg_count;
  int32_t reserved;
} rune_check;

// A place where the hooked variant calls rune_run_hooks: before (phase 0) or after (phase 1) a module's forward, where
// the gradients of its outputs (2), or those of its inputs too (3), are known.
typedef struct rune_hook_site {
  int32_t module;
  int32_t phase;
  int32_t tensor_count;
  int32_t input_count;       // how many of `tensors` are the module's inputs; in phase 0 all
  const rune_value *tensors; // the module's inputs (phase 0) or its inputs, then its outputs (phase 1); gradients of
                             // outputs (2), or of inputs, then of outputs (3)
  const int32_t *places;     // phases 2 and 3: which of the module's inputs or outputs each gradient is of
  int32_t module_inputs, module_outputs; // how many there are
} rune_hook_site;

enum rune_entry_flags {
  RUNE_NEEDS_CONTEXT = 1, // draws random numbers, or uses the training arena
  RUNE_WRITES_STATE = 2,  // updates parameters or buffers
};

typedef struct rune_entry {
  const char *name; // "forward"
  const char *const *symbols;
  const rune_value *inputs;
  const rune_value *outputs;
  const rune_check *checks;
  const rune_hook_site *hook_sites;
  int32_t symbol_count, input_count, output_count, check_count, hook_site_count;
  int32_t flags; // rune_entry_flags
  rune_kernel function;
  rune_expr workspace_bytes;
  rune_kernel hooked_function; // materialises every module boundary and runs hooks there; null where not compiled
  rune_expr hooked_workspace_bytes;
} rune_entry;

enum rune_slot_kind {
  RUNE_GRADIENT = 0,        // of a parameter, added to until it is set to zero
  RUNE_OPTIMIZER_STATE = 1, // of a parameter: "exp_avg"
  RUNE_AVERAGE = 2,         // a parameter's exponential moving average
  RUNE_COUNTER = 3,         // one i64: "step", the updates done; "epoch", which the caller counts
  RUNE_SCHEDULE_STATE = 4,  // of a schedule that follows a metric
};

// A tensor of the training arena.
typedef struct rune_slot {
  const char *name; // "exp_avg", "grad", "step"
  int32_t kind;     // rune_slot_kind
  int32_t member;   // index of the parameter, or -1
  int32_t phase;    // whose it is, or -1
  int32_t dtype;
  int32_t rank;
  int32_t storage_count;
  const int64_t *shape;
  const rune_storage *storages; // offsets from the start of the training arena
  double initial;               // every element, at first; of an average: the parameter's own first value instead
} rune_slot;

// What is trained together, by one optimizer. A specification without `phases` has one phase, named "".
typedef struct rune_phase {
  const char *name;
  // (inputs, targets) → loss, then what `backward` reads of this call. Updates buffers.
  const rune_entry *loss;
  // (inputs, targets, what `loss` left) → nothing: adds to the gradients of the phase's parameters
  const rune_entry *backward;
  // () → lr: one update of the phase's parameters by their gradients, where `trainable[i]` of slot i's parameter (one
  // byte each, an input) is not 0; counts it in "step"
  const rune_entry *update;
  // (inputs, targets) → loss, lr: zero_grad, loss, backward and update at once, for parameters that are all trained;
  // leaves gradients undefined. Null where `accumulate` is more than 1
  const rune_entry *step;
  // (metric, a 0-d f64) → nothing: tells the schedule; null where it follows none
  const rune_entry *metric;
  // (inputs, targets) → the gradient of each floating input, under its name, as of a `loss` with the same context;
  // null where there is no such input
  const rune_entry *input_gradients;
  // `loss` and `backward` that run hooks; what goes from the one to the other is not what `loss` leaves. Null where
  // they were not compiled
  const rune_entry *hooked_loss;
  const rune_entry *hooked_backward;
  const int32_t *parameters; // members that it trains, in the order of `update`'s input
  int32_t parameter_count;
  int32_t accumulate; // calls of `backward` for each `update`, at least 1
} rune_phase;

typedef struct rune_training {
  int64_t bytes; // of the training arena
  const rune_slot *slots;
  const rune_phase *phases;
  // (inputs, targets) → the loss in evaluation mode (the sum over phases), and, for a classifier whose one target is
  // i64, how many rows' largest output is the target's (one i64)
  const rune_entry *evaluate;
  int32_t slot_count, phase_count;
  int32_t input_count; // how many of an entry's inputs are the model's; the targets follow
  int32_t reserved;
} rune_training;

typedef struct rune_model {
  int32_t version; // RUNE_TABLE_VERSION
  int32_t dtype;   // what f32 of the spec became: RUNE_F32 or RUNE_F64
  const char *name;
  int64_t state_bytes;
  const rune_module_info *modules;
  const rune_member *members;
  const rune_init_step *init_steps;
  const rune_entry *entries;
  int32_t module_count, member_count, init_step_count, entry_count;
  const rune_training *training; // null where the specification has no `training`
  // The forward in training mode, with `updates`; null where it is no other than the one in evaluation
  const rune_entry *training_forward;
} rune_model;

// Called by hooked variants: `tensors[i]` is the data of the site's i-th tensor, contiguous and row-major, which the
// hooks may overwrite in place: inputs in phase 0, outputs in phase 1, so these must be memory of the function's own.
// Returns 0, or RUNE_HOOK_FAILED when a hook threw; the exception waits in `context`. The hooks of the model itself
// (module 0) run around the entry, not here: no site names it.
int32_t rune_run_hooks(void *context, int64_t site, void *const *tensors, const int64_t *symbols);

// Called by kernels with enough to do for several threads: calls `body(data, begin, end)` for ranges that together are
// [0, count), and returns when all have returned. rune/threads.h tells how many threads there are.
void rune_parallel_for(void (*body)(void *data, int64_t begin, int64_t end), void *data, int64_t count);

// Not 0 where RUNE_PROFILE asks for a profile: then entries say what comes next before each kernel, by name, what it is
// for ("fc1: matmul, add; act: select") and where the specification says so ("digits_mlp.yaml:11, 12").
extern int32_t rune_tracing;
void rune_trace(const char *entry, const char *kernel, const char *does, const char *where);
// The same four texts, one behind the other; null: the entry has ended.
void rune_trace_site(const char *texts);

#ifdef __cplusplus
}
#endif

#endif // RUNE_TABLE_H
