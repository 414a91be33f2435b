import torch
from torch import nn

from golden import normal


class Buffers(nn.Module):
    def __init__(self, n=6, d=8):
        super().__init__()
        self.register_buffer("steps", torch.arange(n))
        self.register_buffer("seen", torch.tensor(3))
        self.register_buffer("scale", torch.full((d,), 0.5))
        self.register_buffer("noise", torch.empty(2, d).normal_())
        self.register_buffer("hidden", (torch.arange(n) + 1)[:, None] / n, persistent=False)
        self.register_buffer("even", torch.arange(n) % 2 == 0)
        self.shift = nn.Parameter(nn.init.trunc_normal_(torch.empty(n, d), std=0.02))

    def forward(self, x):
        y = x * self.scale + self.shift * self.hidden + self.noise[0]
        y = torch.where(self.even[:, None], y, y - self.noise[1])
        return y, y * self.steps[:, None], y[:, 0] * self.seen

    def extra_repr(self):
        return "6, 8"


make = Buffers
inputs = {"x": normal(3, 6, 8)}
