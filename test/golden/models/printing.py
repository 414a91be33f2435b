import torch
from torch import nn

from golden import normal


class Printed(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(2))
        self.one, self.two = nn.LeakyReLU(0), nn.Hardtanh(-1e10, 1e16)
        self.three, self.four = nn.Unflatten(1, (2, 1)), nn.Softplus(1, 1e-5)
        self.five, self.six = nn.Sequential(), nn.ModuleList()
        self.seven = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh(), nn.Tanh(), nn.Dropout(0), nn.Dropout(0.0)])
        self.eight = nn.Sequential(nn.ReLU(), nn.ReLU(), nn.Sequential(nn.ReLU()))

    def forward(self, x):
        return self.four(self.one(x) * self.w)

    def extra_repr(self):
        a, d, g = 1e-4, (1, 2.5, 1e-7), (7, 7)
        return (
            f"a={a}, b={1 / 3}, c={123456789.0}, d={d}, f=None, g={g}, h='same', same, k={1e22}, big=100000, on=True, "
            f"{2 * a} {1 / 2} {7 // 2} {(g, d)} {0.1 + 0.2} {-a}"
        )


make = Printed
inputs = {"x": normal(3, 2)}
