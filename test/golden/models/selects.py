import torch
from torch import nn

from golden import normal


class Selects(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x, flag, level):
        y = self.a(x) if flag else self.b(x)
        z = 1.5 if level > 0 else -1.5
        return (
            y,
            y * z,
            x if not flag else -x,
            x if flag and level > 0 else x * 2,
            x if flag or level > 0 else x * 3,
            y + 1,
        )


make = Selects
inputs = {"x": normal(2, 3), "flag": torch.tensor(True), "level": torch.tensor(-0.5)}
