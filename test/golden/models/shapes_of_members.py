import torch
from torch import nn

from golden import normal


class Shapes(nn.Module):
    def __init__(self):
        super().__init__()
        for name, shape in (("a", (2, 3)), ("b", (2, 3, 4)), ("c", (4, 2, 3)), ("e", (12,)), ("f", (1, 1))):
            setattr(self, name, nn.Parameter(torch.empty(shape).normal_()))
        self.g = nn.Parameter(nn.init.xavier_uniform_(torch.empty(2, 2, 3)))

    def forward(self, x):
        return (
            x * self.a[..., None] + self.b,
            x.flatten(-3) @ self.c.flatten(),
            x.reshape(-1, 24).mean(0)[:12] + self.e,
            x - self.f,
            self.g.sum([0, 1]),
            4 * self.f,
        )


make = Shapes
inputs = {"x": normal(5, 2, 3, 4)}
