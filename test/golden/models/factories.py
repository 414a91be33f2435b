import torch
from torch import nn
import torch.nn.functional as F

from golden import normal


class Factories(nn.Module):
    def forward(self, x):
        n = len(x)
        xx = x @ x.T
        return (
            x + torch.ones(5),
            x @ torch.eye(5),
            x.cumsum(0),
            xx.triu(1),
            xx.tril(-1),
            x * 0.5,
            torch.zeros_like(x),
            torch.ones_like(x) * 3,
            torch.full_like(x, -2),
            F.pad(x, [1, 2]),
            F.pad(x, [0, 0, 1, 0], value=-1.0),
            torch.arange(n) * 2,
            torch.arange(1, 9, 3),
            torch.linspace(0, 1, 5) * x,
            torch.arange(5) + x,
            F.pad(x, [-1, 1]),
        )


make = Factories
inputs = {"x": normal(4, 5)}
