import torch
from torch import nn

from golden import normal


class Constants(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(nn.init.kaiming_normal_(torch.empty(5, 4), nonlinearity="relu"))
        self.table = torch.arange(8).reshape(4, 2) * 0.25

    def forward(self, x):
        h = torch.relu(x @ self.w.T) * 1.25 + 15
        return h, x @ self.table, x + 4, x[:, 0] + x[:, 0] / 2 + x[:, 0] / 4 + x[:, 0] / 8

    def extra_repr(self):
        return "width=4, ratio=1.25, hidden=5, sizes=(3, 3)"


make = Constants
inputs = {"x": normal(3, 4)}
