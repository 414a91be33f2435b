from torch import nn

from golden import normal, scatter


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.ReLU())

    def forward(self, a, b):
        return self.net(a), self.net(b)


make = Siamese
prepare = scatter
inputs = {"a": normal(3, 8), "b": normal(3, 8)}
