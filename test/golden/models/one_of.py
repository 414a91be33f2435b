from torch import nn
import torch.nn.functional as F

from golden import normal


class Chosen(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = nn.RMSNorm(4, eps=1e-3)

    def forward(self, x):
        return self.n((F.gelu(x) * 0.5 + 3) * 2 + 3)

    def extra_repr(self):
        return "gelu, act='gelu', sizes=(4,), scales=(0.5, 2), window=(2, 3), limit=None"


make = Chosen
inputs = {"x": normal(3, 4)}
