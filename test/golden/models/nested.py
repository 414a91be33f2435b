from torch import nn

from golden import normal


class Inner(nn.Module):
    def __init__(self, d, depth):
        super().__init__()
        self.body = nn.Sequential(*[nn.Sequential(nn.Linear(d, d), nn.Softsign()) for _ in range(depth)])
        self.towers = nn.ModuleList(
            [nn.ModuleList([nn.Linear(d, d, bias=j == 0) for j in range(2)]) for i in range(depth)]
        )

    def forward(self, x):
        y = self.body(x)
        for tower in self.towers:
            y = y + tower[1](tower[0](x))
        return y * self.towers[0][1](x)


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Inner(4, 2)
        self.sequence = nn.Sequential()
        self.sequence.add_module("0", Inner(4, 1))
        self.sequence.add_module("act", nn.SELU())
        self.sequence.add_module("2", Inner(4, 3))

    def forward(self, x):
        return self.sequence(self.first(x)) + self.sequence[1](x)


make = Outer
inputs = {"x": normal(3, 4)}
