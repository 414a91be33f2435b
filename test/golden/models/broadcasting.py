import torch
from torch import nn

from golden import normal


class Broadcast(nn.Module):
    def __init__(self):
        super().__init__()
        self.row = nn.Parameter(torch.empty(3).normal_())
        self.one = nn.Parameter(torch.tensor([2.5]))
        self.scalar = nn.Parameter(torch.tensor(-0.5))

    def forward(self, a, c, s):
        t = a + c
        return (
            t,
            t * self.row - self.one,
            (a - a.mT) * s,
            t.sum(-1) @ torch.ones(4),
            self.scalar * s,
            torch.maximum(a, c),
            torch.where(a > 0, self.row, c),
            t / (self.one + 1),
            self.one + s,
            t * 0 + self.scalar,
            a**2 @ self.row,
        )


make = Broadcast
inputs = {"a": normal(5, 1, 3), "c": normal(4, 1), "s": normal()}
