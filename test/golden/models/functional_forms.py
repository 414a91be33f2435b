import torch
from torch import nn
import torch.nn.functional as F

from golden import normal


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(4, 6), a=5**0.5))
        self.b = nn.Parameter(torch.zeros(4))
        self.g = nn.Parameter(torch.empty(6).uniform_(0.5, 1))

    def forward(self, x, y):
        a = (
            F.linear(x, self.w, self.b),
            F.layer_norm(x, [6], self.g),
            F.rms_norm(y, [6], eps=1e-3),
            F.normalize(x, dim=-1),
            F.cosine_similarity(x, y),
            F.pairwise_distance(x, y, 1.0),
        )
        c = (
            F.gelu(x, approximate="tanh"),
            F.leaky_relu(x, 0.2),
            F.softplus(y, 2.0),
            F.hardtanh(x, -0.5),
            F.glu(x),
            F.elu(y, 0.5),
            x.softmax(0),
            y.log_softmax(-1),
            F.hardshrink(x, 0.3),
        )
        return (
            a,
            c,
            F.group_norm(x, 3),
            x,
            x.var(1),
            x.square().sum(),
            torch.lerp(x, y, 0.25),
            torch.outer(x[0], y[1]),
            x.sign(),
            x.flip(1),
            x.roll(2, 1),
            x.masked_fill(y > 0, 0),
        )


make = Functional
inputs = {"x": normal(3, 6), "y": normal(3, 6)}
