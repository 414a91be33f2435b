import torch
from torch import nn

from golden import normal


class Coder(nn.Module):
    def __init__(self, wide, narrow):
        super().__init__()
        self.down = nn.Linear(wide, narrow)
        self.up = nn.Linear(narrow, wide)

    def encode(self, x):
        return torch.tanh(self.down(x))

    def decode(self, z, scale=1.0):
        return self.up(z) * scale, z.mean(-1)

    def forward(self, x):
        return self.decode(self.encode(x), 0.5)[0]


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Coder(12, 5), Coder(5, 3)

    def forward(self, x):
        z = self.b.encode(self.a.encode(x))
        y, m = self.b.decode(z)
        y, n = self.a.decode(y)
        return z, y, m, n, self.a(x), self.b.up(z) + self.a.down.bias


make = AutoEncoder
inputs = {"x": normal(3, 12)}
