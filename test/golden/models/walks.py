import torch
from torch import nn

from golden import normal


class Walks(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = nn.ModuleList([nn.Linear(4, 4) for _ in range(5)])
        self.s = nn.Sequential()
        self.s.add_module("0", nn.Linear(4, 4))
        self.s.add_module("1", nn.Tanh())
        self.s.add_module("last", nn.Linear(4, 4, bias=False))
        self.h[4].weight, self.s.last.weight = self.h[0].weight, self.h[1].weight

    def forward(self, x):
        y, h = x, self.h
        for i in range(0, 5, 2):
            y = torch.tanh(h[i](y))
        for i in reversed(range(5)):
            y = y + h[i](x) * i
        y = y - h[0](h[3](x)) - h[1](h[4](x))
        return y, self.s(x), self.s.last(self.s[0](y)), h[-1].weight @ h[0].bias, self.s.last.weight.sum()


make = Walks
inputs = {"x": normal(3, 4)}
