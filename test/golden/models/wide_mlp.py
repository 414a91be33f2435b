from torch import nn

from golden import normal


def make():
    class Mlp(nn.Sequential):
        pass

    return Mlp(nn.Linear(17, 33), nn.ReLU(), nn.Linear(33, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


inputs = {"x": normal(19, 17)}
