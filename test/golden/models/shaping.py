from torch import nn

from golden import normal


class Shaping(nn.Module):
    def forward(self, x, w):
        b, n, _ = x.shape
        y = x.unflatten(-1, [2, 3])
        z = y.permute(2, 0, 1, 3)
        return (
            x.flatten(0, 1),
            x.reshape(b * n, 6),
            x.reshape(b, n * 6),
            x.reshape(b, -1),
            y.transpose(1, 2),
            z.flatten(2),
            z.flatten(1, 2).unflatten(1, [b, n]),
            y.sum(-1),
            x.mT,
            w.permute(2, 1, 0),
            w[0].T,
            w[:, None].expand(2, 5, 3, 4),
            w.narrow(1, 1, 2),
            w.select(2, -1),
            x.transpose(0, -1),
            x.numel() + 0 * x,
            w,
            w.movedim(0, 2),
            len(x) * w,
        )


make = Shaping
inputs = {"x": normal(3, 5, 6), "w": normal(2, 3, 4)}
