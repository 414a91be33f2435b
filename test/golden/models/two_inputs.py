from torch import nn

from golden import normal


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
        self.right = nn.Sequential(nn.Linear(6, 8), nn.Tanh())
        self.mix = nn.Bilinear(8, 8, 2)

    def forward(self, user, item):
        u, v = self.left(user), self.right(item)
        return self.mix(u, v), (u * v).sum(-1), u - v


make = Pair
inputs = {"user": normal(5, 4), "item": normal(5, 6)}
