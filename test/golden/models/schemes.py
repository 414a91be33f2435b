import torch
from torch import nn

from golden import normal


class Schemes(nn.Module):
    def __init__(self):
        super().__init__()
        init, empty = nn.init, torch.empty
        self.a = nn.Parameter(init.uniform_(empty(5, 6)))
        self.b = nn.Parameter(init.normal_(empty(3)))
        self.c = nn.Parameter(init.xavier_uniform_(empty(4, 6), gain=5 / 3))
        self.d = nn.Parameter(init.xavier_normal_(empty(6, 7)))
        self.e = nn.Parameter(init.kaiming_uniform_(empty(9, 6), mode="fan_out", nonlinearity="relu"))
        self.f = nn.Parameter(init.kaiming_normal_(empty(2, 6, 3), a=0.2))
        self.g = nn.Parameter(init.normal_(empty(5), 1, 0.5))
        self.h = nn.Parameter(init.uniform_(empty(17), -2, 3))
        self.i = nn.Parameter(init.constant_(empty(6), 0.3))
        self.j = nn.Parameter(init.ones_(empty(2, 2)))
        self.k = nn.Parameter(torch.eye(3) * 2)
        self.l = nn.Parameter(init.trunc_normal_(empty(33)))
        self.m = nn.Parameter(torch.linspace(0, 1, 4))
        self.n = nn.Parameter(torch.tensor([[1, 2, 3], [4, 5, 6.5]]))
        self.o = nn.Parameter(init.normal_(empty(1), std=2))
        self.p = nn.Parameter(init.normal_(empty(3, 16), 0.5, 2))
        self.q = nn.Parameter(torch.tensor(0.125))

    def forward(self, x):
        return x @ self.a.T, x @ self.c.T, x @ self.d, x @ self.e.T, x * self.i


make = Schemes
inputs = {"x": normal(3, 6)}
