import torch
from torch import nn

from golden import normal


class Indexing(nn.Module):
    def forward(self, x, k):
        b, n, r = x.shape
        rows = torch.arange(b)
        return (
            x[None],
            x[...],
            x[:, n // 2 :],
            x[:, : n // 2],
            x[..., [0, 2]],
            x[:, [1, -1], 2:4],
            x[..., -1:],
            x[-2:, -2, ::3],
            x.reshape(*x.shape[:-1], 2, -1),
            x,
            x[:, 0][rows, k],
            x[k % b, 0],
            6 * x[0],
            x[:, 1:-1],
            x[b - 1, n - 1, r - 1],
            x[:, :, k % 2 + 1],
            (x * b)[0, n - 1],
            x[1:, None, ..., 0],
            x.chunk(2, -1)[1],
            x[..., 2],
        )


make = Indexing
inputs = {"x": normal(3, 5, 6), "k": torch.tensor([4, 0, 2])}
