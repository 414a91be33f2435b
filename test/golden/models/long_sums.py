import torch
from torch import nn


class LongSums(nn.Module):
    def forward(self, x):
        return x.expand(4000037).sum(), x.expand(400003, 10).sum(0), x.expand(5000, 3, 17).mean([0, 2])


make = LongSums
inputs = {"x": torch.tensor([0.1])}
