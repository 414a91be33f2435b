import torch
from torch import nn

from golden import normal


class Blocks(nn.Module):
    def __init__(self, kind, sizes, gate):
        super().__init__()
        self.kind, self.sizes = kind, sizes
        self.w0 = nn.Parameter(nn.init.xavier_uniform_(torch.empty(7, 5)))
        self.scale0 = nn.Parameter(torch.full((7,), 0.5))
        self.w1 = nn.Parameter(nn.init.xavier_uniform_(torch.empty(3, 7)))
        self.b1 = nn.Parameter(torch.empty(3).uniform_(-0.1, 0.1))
        self.g = nn.Parameter(torch.empty(3).normal_(0, 0.5))
        self.register_buffer("floor", torch.tensor(-0.25))
        self.norm_5, self.norm_7, self.norm_3 = nn.LayerNorm(5), nn.LayerNorm(7), nn.LayerNorm(3)
        self.act = nn.Tanh()
        self.register_module("extra", None)
        nn.init.normal_(self.g, 1, 0.1)

    def forward(self, x):
        x = self.act((self.norm_5(x) @ self.w0.T) * self.scale0)
        x = self.act(x @ self.w1.T + self.b1)
        return torch.maximum(x * self.g, self.floor)

    def extra_repr(self):
        return f"kind={self.kind!r}, gate=True, " + ", ".join(f"size={n}" for n in self.sizes)


def make():
    return Blocks("deep", [5, 7, 3], True)


inputs = {"x": normal(4, 5)}
