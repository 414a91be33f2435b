import torch
from torch import nn

from golden import normal


class Derivatives(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 5), nn.Linear(5, 1)

    def forward(self, x):
        if not x.requires_grad:
            x = x.clone().requires_grad_()
        with torch.enable_grad():
            u = self.second(torch.tanh(self.first(x)))
            (force,) = torch.autograd.grad(-u.sum(), x, create_graph=True)
            (curvature,) = torch.autograd.grad(force[:, 0].sum(), x, create_graph=True)
            (slope,) = torch.autograd.grad(u.sum(), self.first.weight, create_graph=True)
        return u, force, curvature[:, 0] + curvature[:, 1] * u[:, 0], slope


make = Derivatives
inputs = {"x": normal(4, 3)}
