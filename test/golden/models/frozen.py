import torch
from torch import nn

from golden import normal, scatter


class Head(nn.Linear):
    def reset_parameters(self):
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        nn.init.uniform_(self.bias, -0.01, 0.01)

    def _get_name(self):
        return "Linear"


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.empty(4).uniform_(0.5, 1.5), requires_grad=False)
        self.encoder = nn.Linear(4, 6).requires_grad_(False)
        self.norm = nn.BatchNorm1d(6).eval()
        self.drop = nn.Dropout(0.5).eval()
        self.head = Head(6, 2)

    def forward(self, x):
        return self.head(self.drop(self.norm(self.encoder(x * self.scale).detach())))


make = Frozen
prepare = scatter
inputs = {"x": normal(3, 4)}
