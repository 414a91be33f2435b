import torch
from torch import nn

from golden import normal


class Masks(nn.Module):
    def forward(self, x, keep):
        high, low = x > 0.5, x < -0.5
        n = x.shape[1]
        either = (high | low) & keep
        pair = keep[:, :, None] & keep[:, None, :] & torch.ones(n, n).tril().bool()
        p = (x[:, :, None] * x[:, None, :]).masked_fill(~pair, -torch.inf).softmax(-1)
        p = torch.where(keep[..., None], p, 0.0)
        count = keep.sum(1)
        total = torch.where(keep, x, 0.0).sum(1)
        return (
            either,
            ~either,
            p,
            total / count.clamp(min=1),
            high.float() * 2,
            either.any(1),
            (keep | high).all(1),
            0 < x,
            (x >= 0) == keep,
            count,
            x.masked_fill(keep, -1.0),
            keep & (count[:, None] > 2),
        )


make = Masks
inputs = {"x": normal(3, 5), "keep": torch.tensor([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0]]).bool()}
