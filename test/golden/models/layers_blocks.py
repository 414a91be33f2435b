from torch import nn

from golden import normal


def make():
    class Mlp(nn.Sequential):
        pass

    net = Mlp()
    net.add_module("in", nn.Linear(4, 9))
    net.add_module("1", nn.LeakyReLU(0.2))
    net.add_module("2", nn.Dropout(0.1))
    net.add_module("fc1", nn.Linear(9, 9))
    net.add_module("4", nn.ELU(0.5))
    net.add_module("5", nn.Dropout(0.1))
    net.add_module("fc2", nn.Linear(9, 2))
    net.add_module("7", nn.Softsign())
    net.add_module("8", nn.Softsign())
    net.add_module("tail", nn.Sequential(nn.Identity(), nn.Sequential(nn.Tanh())))
    return net


inputs = {"x": normal(3, 4)}
