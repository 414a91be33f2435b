# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rows: a title, the floating-point operations of one call (None where there are next to none), and the bytes that it
has to move from and to memory at least: what does not fit in a cache, weights, gradients and moments, each once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    title: str
    flops: float | None = None
    bytes: float = 0
    streams: bool = False  # whether its operands come from memory, being too large for a cache


def products(*sizes):
    """Of a chain of linear layers, for one row of its input."""
    return 2 * sum(a * b for a, b in zip(sizes, sizes[1:]))


SMALL = products(784, 128, 10)
SMALL_WEIGHTS = 4 * (784 * 128 + 128 + 128 * 10 + 10)
WIDE = products(1024, 4096, 4096, 1024)
WIDE_WEIGHTS = 2 * WIDE  # four bytes for each multiplication
# Forward, and as much again for the gradient of the weights and for that of the layers' inputs but the first.
SMALL_STEP = 64 * (2 * SMALL + products(128, 10))
WIDE_STEP = 64 * (2 * WIDE + products(4096, 4096, 1024))
# For each token the four products of a block, and attention: all keys for an encoder, half of them for a decoder.
ENCODER = 128 * (products(768, 4 * 768) + 2 * products(768, 4 * 768) + 4 * 128 * 768)
GPT_WEIGHTS = 6 * 12 * 384 * 384 + 65 * 384
GPT = 3 * 8 * 256 * (2 * GPT_WEIGHTS + 6 * 4 * 128 * 384)

ROWS = {
    "linear_forward": Row("Linear 1→1, forward"),
    "tiny_sgd": Row("two Linear 1→1, a step of SGD"),
    "matmul_512": Row("matmul 512", 2 * 512**3, 12 * 512**2),
    "matmul_1024": Row("matmul 1024", 2 * 1024**3, 12 * 1024**2),
    "matmul_2048": Row("matmul 2048", 2 * 2048**3, 12 * 2048**2),
    "mlp_forward_1": Row("MLP 784-128-10, batch 1", SMALL, SMALL_WEIGHTS),
    "mlp_forward_64": Row("MLP 784-128-10, batch 64", 64 * SMALL, SMALL_WEIGHTS + 64 * 4 * 784),
    "wide_forward_1": Row("MLP 1024-4096-4096-1024, batch 1", WIDE, WIDE_WEIGHTS, streams=True),
    "wide_forward_64": Row("MLP 1024-4096-4096-1024, batch 64", 64 * WIDE, WIDE_WEIGHTS, streams=True),
    "wide_bf16_1": Row("the same in bf16, batch 1", WIDE, WIDE_WEIGHTS / 2, streams=True),
    "wide_bf16_64": Row("the same in bf16, batch 64", 64 * WIDE, WIDE_WEIGHTS / 2, streams=True),
    "mlp_sgd_64": Row("train 784-128-10, batch 64, SGD", SMALL_STEP, 3 * SMALL_WEIGHTS),
    "mlp_adam_64": Row("train 784-128-10, batch 64, Adam", SMALL_STEP, 7 * SMALL_WEIGHTS),
    # The weights twice (forward and backward) and written, both moments read and written.
    "wide_adam_64": Row("train 1024-4096-4096-1024, batch 64, Adam", WIDE_STEP, 7 * WIDE_WEIGHTS, streams=True),
    "encoder": Row("encoder block, d 768, 12 heads, 128 tokens", ENCODER, 4 * 12 * 768**2, streams=True),
    "gpt_adamw": Row("train a GPT, d 384, 6 layers, 8 × 256 tokens, AdamW", GPT, 7 * 4 * GPT_WEIGHTS, streams=True),
}
