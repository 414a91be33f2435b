import torch
from torch import nn

from golden import normal


class Mixture(nn.Module):
    def __init__(self, d=6, experts=3):
        super().__init__()
        self.router = nn.Linear(d, experts, bias=False)
        self.experts = nn.ModuleList(
            [nn.Sequential(nn.Linear(d, d * (i + 1)), nn.SiLU(), nn.Linear(d * (i + 1), d)) for i in range(experts)]
        )

    def forward(self, x):
        p = self.router(x).softmax(-1)
        y = torch.stack([e(x) for e in self.experts], 1)
        best = y[torch.arange(len(x)), p.argmax(-1)]
        return (p[:, :, None] * y).sum(1), best, best


make = Mixture
inputs = {"x": normal(5, 6)}
