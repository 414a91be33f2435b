import torch
from torch import nn

from golden import integers, normal


class Scattering(nn.Module):
    def forward(self, x, y, k):
        return (
            torch.slice_scatter(x, y[:2], 0, 1, 5, 2),
            torch.slice_scatter(x, y, 0, 0, 7, 3),
            torch.slice_scatter(x, 2 * x[:, :1], 1, 4, 5, 2),
            k.cumsum(0),
            k.cumsum(dim=-1),
            (k > 2).cumsum(1),
            x.repeat(2, 3),
            x.repeat(2, 1, 2),
            x.tile([2]),
        )


make = Scattering
inputs = {"x": normal(7, 5), "y": normal(3, 5), "k": integers(0, 6, 7, 5)}
