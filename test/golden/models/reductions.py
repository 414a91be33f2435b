from torch import nn

from golden import normal


class Reductions(nn.Module):
    def forward(self, x):
        d = x - x.mean([0, 2], keepdim=True)
        return (
            x.sum(),
            x.mean(),
            x.sum(1),
            x.mean(-1, keepdim=True),
            x.amax(1),
            x.amin([0, 1]),
            x.max(),
            x.min(),
            x.argmax(-1),
            x.argmin(0),
            x.argmax(1, keepdim=True),
            (d * d).sum((0, 2)),
            x.sum([0, 1, 2], keepdim=True),
            6 * x[0, 0],
            x.mean(0),
            x.amax(-1, keepdim=True),
            x.logsumexp(1),
            x.std(-1),
            x.var(0, correction=0),
            x.norm(dim=1),
            (x > 0).sum(0),
        )


make = Reductions
inputs = {"x": normal(4, 7, 5)}
