import math
import torch
from torch import nn

from golden import normal


class Positional(nn.Module):
    def __init__(self, d=8, longest=20):
        super().__init__()
        frequency = torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d))
        angle = torch.arange(longest)[:, None] * frequency
        self.register_buffer("sines", angle.sin(), persistent=False)
        self.register_buffer("pe", torch.stack([angle.sin(), angle.cos()], -1).flatten(1), persistent=False)

    def forward(self, x):
        return x * math.sqrt(8) + self.pe[: x.shape[1]], self.sines[-2:]


make = Positional
inputs = {"x": normal(2, 5, 8)}
