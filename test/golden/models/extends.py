import torch
from torch import nn

from golden import normal


class Base(nn.Module):
    def __init__(self, d, gain=2.0, label=10):
        super().__init__()
        self.w = nn.Parameter(torch.empty(d).normal_())
        self.d, self.gain, self.label = d, gain, label * d

    def forward(self, x):
        return x * self.w * self.gain

    def extra_repr(self):
        return f"{self.d}, gain={self.gain}, label={self.label}"


class Loud(Base):
    def __init__(self, d):
        super().__init__(d, 8.0, 20)


class Other(Base):
    def forward(self, x):
        return x + self.w


class Affine(nn.Linear):
    pass


class Heirs(nn.Module):
    def __init__(self):
        super().__init__()
        self.base, self.loud, self.other = Base(4), Loud(4), Other(4, 1.5)
        self.fc = Affine(4, 4, bias=False)

    def forward(self, x):
        return self.fc(self.other(self.loud(self.base(x))))


make = Heirs
inputs = {"x": normal(3, 4)}
