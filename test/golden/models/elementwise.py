import torch
from torch import nn

from golden import normal


class Elementwise(nn.Module):
    def forward(self, x, y):
        p = x.abs() + 0.1
        return (
            x.exp(),
            p.log(),
            p.log1p(),
            x.expm1(),
            x.sin(),
            x.cos(),
            x.tanh(),
            x.erf(),
            p.sqrt(),
            p.rsqrt(),
            (x * 3).floor(),
            (x * 3).ceil(),
            (x * 3).round(),
            x**2,
            x**3,
            p**0.5,
            p**y,
            2**x,
            x**-1,
            -x,
            +x,
            x % 0.7,
            x // 0.7,
            x % y,
            torch.maximum(x, y),
            x.clamp(max=0.3),
            x.clamp(-0.5, 0.5),
            x.clamp(min=0.1),
            x / y,
            1 / p,
            3 - x,
            torch.where(x > y, x, 0.0),
            p.pow(1.5),
            -x,
            x.abs(),
            x.sigmoid(),
            x.relu(),
        )


make = Elementwise
inputs = {"x": normal(5, 9), "y": normal(5, 9)}
constant = "all"  # floor_divide has no gradient in PyTorch
