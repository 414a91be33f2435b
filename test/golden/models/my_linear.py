import torch
from torch import nn


class MyLinear(nn.Linear):
    pass


def make():
    return MyLinear(1, 1)


inputs = {"x": torch.tensor([[2.0], [-3.5]])}
