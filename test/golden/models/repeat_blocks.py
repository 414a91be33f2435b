from torch import nn

from golden import normal


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("up", nn.Linear(width, 2 * width))
        self.mlp.add_module("act", nn.GELU("tanh"))
        self.mlp.add_module("down", nn.Linear(2 * width, width))

    def forward(self, x):
        return x + self.mlp(self.norm(x))


class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = nn.ModuleList([Block(10) for _ in range(4)])
        self.norm = nn.RMSNorm(10)

    def forward(self, x):
        for block in self.h:
            x = block(x)
        return self.norm(x)


make = Stack
inputs = {"x": normal(3, 10)}
