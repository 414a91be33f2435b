/* Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

#include "entries.h"
#include "mlp.h"
#include "tanh.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(int32_t status) { return status != RUNE_C_OK ? printf("%s\n", mlp_last_error()) : 0; }

int from_c(void) {
  int32_t status = 0;
  mlp *one = NULL, *two = NULL;
  tanh_ *other = NULL; /* tanh is a function of <math.h> */
  entries *many = NULL;
  float x[2 * 5] = {1, 2, 3, 4, 5, -1, -2, -3, -4, (float)tanh(0.0)}, y[4] = {0}, z[4] = {0};
  float all[2 * 2 * 3], mean[2 * 4], ones[2 * 3 * 4];
  int64_t product = 0, ids[3] = {1, 2, 3}, more[3];
  bool flags[3] = {true, false, true}, inverse[3], any = false;
  float halves[3];
  if (failed(mlp_create(&one)) || failed(mlp_create(&two)) || failed(tanh_create(&other)) ||
      failed(entries_create(&many)))
    return 1;
  /* Every handle is a model of its own. */
  mlp_reset_parameters(one, 0), mlp_reset_parameters(two, 1);
  mlp_forward(one, x, y, 2), mlp_forward(two, x, z, 2);
  printf("differ %d", memcmp(y, z, sizeof y) != 0);
  mlp_save(one, "c.safetensors");
  if (failed(mlp_load(two, "c.safetensors")))
    return 1;
  mlp_forward(two, x, z, 2);
  printf(", same %d\n", memcmp(y, z, sizeof y) == 0);
  /* A file of another model. */
  status = tanh_load(other, "c.safetensors");
  printf("%d: %s\n", status, tanh_last_error());
  status = mlp_load(one, "none.safetensors");
  printf("%d: %s\n", status, mlp_last_error());
  status = mlp_forward(one, x, NULL, 2);
  printf("%d: %s\n", status, mlp_last_error());
  status = mlp_forward(NULL, x, y, 2);
  printf("%d: %s\n", status, mlp_last_error());
  status = mlp_create(NULL);
  printf("%d: %s\n", status, mlp_last_error());
  status = mlp_load(one, NULL);
  printf("%d: %s\n", status, mlp_last_error());
  /* Integers, several sizes, several outputs, other entries, booleans. */
  for (int i = 0; i < 2 * 3 * 4; ++i)
    ones[i] = 1;
  if (failed(entries_forward(many, ones, 2, all, mean, &product, 2, 3)) ||
      failed(entries_pair(many, flags, ids, inverse, more, halves, &any, 3)))
    return 1;
  printf("mean %g product %lld, %d%d%d %lld %g %d\n", mean[7], (long long)product, inverse[0], inverse[1], inverse[2],
         (long long)more[2], halves[2], any);
  status = entries_forward(many, ones, 4, all, mean, &product, 2, 3);
  printf("%d: %s\n", status, entries_last_error());
  mlp_destroy(one), mlp_destroy(two), tanh_destroy(other), entries_destroy(many), mlp_destroy(NULL);
  return 0;
}
