import torch
from torch import nn

from golden import normal


class Pieces(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(16, 6)

    def forward(self, x, y):
        z = self.one(torch.cat([x, y], -1))
        p, q, r = x.chunk(3, 1)
        s, t = z.split([2, 4], -1)
        u, v = z.split(3, 1)
        a, b, c, d = y.unbind(1)
        m = torch.stack([p, q * 2, r - y], 1)
        return m, m.sum(1), s, t * y, u @ v.T, torch.stack([a, b + c, d]), torch.cat([p, q])


make = Pieces
inputs = {"x": normal(5, 12), "y": normal(5, 4)}
