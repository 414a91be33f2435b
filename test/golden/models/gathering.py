import torch
from torch import nn

from golden import normal


class Gather(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.empty(9, 3).normal_())

    def forward(self, x, index, which):
        b, k = index.shape
        rows = torch.arange(b)
        best = x.sum(-1).argmax(1)
        return (
            self.table[index],
            self.table[which],
            self.table[which, 1],
            x[rows, which],
            x.gather(1, index[..., None].expand(b, k, 4)),
            x[:, which],
            best,
            x[rows, best],
            self.table[index - 3],
            x[0][which % 3],
            x.gather(2, (index % 4)[:, :, None]),
        )


make = Gather
inputs = {"x": normal(3, 6, 4), "index": torch.tensor([[0, 5], [2, 2], [4, 1]]), "which": torch.tensor([5, 0, 3])}
