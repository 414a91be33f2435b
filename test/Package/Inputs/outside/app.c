/* Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

#include "scaled_pair.h"

#include <stdio.h>

int main(void) {
  scaled_pair *model = 0;
  float x[3] = {0, 0, 0}, y = 0;
  if (scaled_pair_create(&model) || scaled_pair_reset_parameters(model, 0) || scaled_pair_forward(model, x, &y, 1))
    return printf("%s\n", scaled_pair_last_error()), 1;
  scaled_pair_destroy(model);
  printf("from C: %.4f\n", y);
  return 0;
}
