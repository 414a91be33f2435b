/* Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

#include "sample_mlp.h"

#include <stdio.h>
#include <string.h>

static void failed(int status) { printf("%d: %s\n", status, sample_mlp_last_error()); }

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  sample_mlp *a = 0, *b = 0;
  printf("create %d\n", sample_mlp_create(&a));
  sample_mlp_create(&b);
  sample_mlp_reset_parameters(a, 5);
  sample_mlp_reset_parameters(b, 5);
  float x[24], y[12], z[12];
  for (int i = 0; i < 24; ++i)
    x[i] = (float)i;
  const int first = sample_mlp_forward(a, x, y, 4), second = sample_mlp_forward(b, x, z, 4);
  printf("forward %d same %d\n", first | second, memcmp(y, z, sizeof y) == 0 && y[0] != 0);

  const int saved = sample_mlp_save(a, argv[1]);
  sample_mlp_reset_parameters(b, 6);
  const int loaded = sample_mlp_load(b, argv[1]);
  sample_mlp_forward(b, x, z, 4);
  printf("save %d load %d same %d\n", saved, loaded, memcmp(y, z, sizeof y) == 0);

  failed(sample_mlp_forward(a, 0, y, 4));
  failed(sample_mlp_forward(a, x, y, -2));
  char missing[4096];
  snprintf(missing, sizeof missing, "%s.missing", argv[1]);
  failed(sample_mlp_load(a, missing));
  failed(sample_mlp_load(0, missing));
  failed(rune_model_forward((rune_handle *)a, 7, 0, 0, 0));

  const void *inputs[] = {x};
  void *outputs[] = {z};
  const int64_t small[] = {2}, batch[] = {4};
  rune_workspace *workspace = 0;
  rune_workspace_create((rune_handle *)a, 0, small, &workspace);
  failed(rune_model_forward_in((rune_handle *)a, 0, inputs, outputs, batch, workspace));
  rune_workspace_destroy(workspace);
  rune_workspace_create((rune_handle *)a, 0, batch, &workspace);
  memset(z, 0, sizeof z);
  const int status = rune_model_forward_in((rune_handle *)a, 0, inputs, outputs, batch, workspace);
  printf("forward_in %d same %d\n", status, memcmp(y, z, sizeof y) == 0);
  rune_workspace_destroy(workspace);
  sample_mlp_destroy(a);
  sample_mlp_destroy(b);
  return 0;
}
