import torch
from torch import nn

from golden import normal


class Shift(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.empty(4).normal_())

    def forward(self, x):
        b, n, _ = x.shape
        before = torch.cat([self.start.expand(b, 1, 4), x[:, :-1]], 1)
        return x - before, x[:, -1], x[:, 1:, :2], x[:, n - 2], x[0]


make = Shift
inputs = {"x": normal(3, 5, 4)}
