# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows by PyTorch: torch_peer.py eager|compiled. Compiled, weights are frozen, so that Inductor packs them; the
optimizers are the fused ones."""

import os
import sys

import torch
from models import FORWARD, GPT, mlp, wide
from timing import report
from torch import nn
from torch._inductor import config as inductor

THREADS = int(os.environ["OMP_NUM_THREADS"])
COMPILED = sys.argv[1] == "compiled"


def prepared(function):
    return torch.compile(function) if COMPILED else function


def train(row, net, kind, loss, x, y, **options):
    optimizer = kind(net.parameters(), fused=True, **options)

    def forward(x, y):
        return loss(net(x), y)

    forward = prepared(forward)

    def step():
        optimizer.zero_grad()
        forward(x, y).backward()
        optimizer.step()

    report(row, step)


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    inductor.freezing = COMPILED
    with torch.no_grad():
        if not COMPILED:
            one, linear = torch.ones(1, 1), nn.Linear(1, 1)
            report("linear_forward", lambda: linear(one))
        for row, make, shape in FORWARD:
            net, x = prepared(make().eval()), torch.rand(shape)
            report(row, lambda: net(x))
        for batch in (1, 64):
            net, x = prepared(wide().eval().bfloat16()), torch.rand(batch, 1024).bfloat16()
            report(f"wide_bf16_{batch}", lambda: net(x))
    inductor.freezing = False
    one = torch.ones(1, 1)
    tiny = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    train("tiny_sgd", tiny, torch.optim.SGD, nn.MSELoss(), one, torch.zeros(1, 1), lr=0.01)
    x, y = torch.rand(64, 784), torch.arange(64) % 10
    train("mlp_sgd_64", mlp(), torch.optim.SGD, nn.CrossEntropyLoss(), x, y, lr=0.01)
    train("mlp_adam_64", mlp(), torch.optim.Adam, nn.CrossEntropyLoss(), x, y, lr=1e-3)
    x, y = torch.rand(64, 1024), torch.zeros(64, 1024)
    train("wide_adam_64", wide(), torch.optim.Adam, nn.MSELoss(), x, y, lr=1e-3)
    x, y = torch.randint(0, 65, (8, 256)), torch.randint(0, 65, (8, 256))

    def next_token(logits, target):
        return nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())

    train("gpt_adamw", GPT(), torch.optim.AdamW, next_token, x, y, lr=1e-3)


main()
