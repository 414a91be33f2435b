from torch import nn

from golden import normal


class Slices(nn.Module):
    def forward(self, x):
        return (
            x[1:4],
            x[..., 1:3],
            x[:, ::2],
            x[-1],
            x[:, -3:-1, 2],
            x[0, None, :, None, 1],
            x[..., -2:],
            x[1::3, :100, 3:][:, 0],
            x[:, 1:][..., 0] - x[:, :-1][..., 6],
            x[2, 3, 4],
            x[4:2],
        )


make = Slices
inputs = {"x": normal(6, 5, 7)}
