import torch
from torch import nn


class Casts(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("part", torch.tensor(0.5))
        self.register_buffer("count", torch.tensor(4))

    def forward(self, x, i, m):
        c, h = self.count, self.part
        return (
            x.long(),
            x.bool(),
            i / 2,
            i.bool(),
            m.long(),
            m.float() - 0.5,
            x + i,
            x * m,
            i + m,
            i * 2.5,
            i > x,
            m == (i > 0),
            x.long() // 2,
            torch.where(m, x, i),
            x + c,
            i * h,
            x + i + m,
            i / c,
            i**2,
            i % 3 - 1,
            -i // 2,
            i.clamp(max=2),
            i.sum() * x,
            i.float().mean(),
            m.sum() + i,
            ~m,
            m & (x > 0) | (i < 0),
            x // 1,
            torch.cat([x, i.float()]),
            torch.stack([i, i + 1]).max(),
            (i - 2).abs(),
            i.clamp(-1, 1),
            torch.maximum(i, c),
        )


make = Casts
inputs = {
    "x": torch.tensor([1.7, -2.3, 0.0, -0.4, 5.0]),
    "i": torch.tensor([3, -4, 0, 7, -1]),
    "m": torch.tensor([1, 0, 1, 1, 0]).bool(),
}
