import torch
from torch import nn

from golden import normal


class Fc(nn.Linear):
    def reset_parameters(self):
        nn.init.orthogonal_(self.weight)
        nn.init.constant_(self.bias, 0.5)

    def _get_name(self):
        return "Linear"


class Out(nn.Linear):
    def reset_parameters(self):
        nn.init.xavier_normal_(self.weight, gain=2)
        bound = 1 / self.in_features**0.5
        nn.init.uniform_(self.bias, -bound, bound)

    def _get_name(self):
        return "Linear"


class Layer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.c_fc = Fc(d, 2 * d)
        self.c_proj = nn.Linear(2 * d, d)
        nn.init.uniform_(self.c_proj.bias, -1, 1)

    def forward(self, x):
        return self.c_proj(torch.tanh(self.c_fc(x)))


class Drawn(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = nn.ModuleList([Layer(6) for _ in range(3)])
        self.norm = nn.LayerNorm(6)
        self.out = Out(6, 20)
        for layer in self.h:
            nn.init.normal_(layer.c_proj.weight, 0, 0.02 / 6**0.5)
        for layer in self.h:
            nn.init.zeros_(layer.c_fc.bias)
            nn.init.zeros_(layer.c_proj.bias)
        nn.init.constant_(self.norm.weight, 1.5)
        nn.init.normal_(self.h[1].c_fc.bias, std=0.1)
        nn.init.normal_(self.h[1].c_proj.bias, std=0.1)
        nn.init.trunc_normal_(self.out.weight, 0, 0.5, -0.6, 0.6)
        nn.init.trunc_normal_(self.out.bias, 0, 0.5, -0.6, 0.6)

    def forward(self, x):
        for layer in self.h:
            x = layer(x)
        return self.out(self.norm(x))


make = Drawn
inputs = {"x": normal(4, 6)}
near = "h.*.c_fc.weight"
