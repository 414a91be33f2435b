import torch
from torch import nn

from golden import normal


class Products(nn.Module):
    def forward(self, a, c, w, v, q):
        return (
            a @ c,
            a @ w.T,
            w @ c,
            a @ v,
            v @ w.T,
            w @ v,
            v @ v,
            q @ c,
            q @ a.mT,
            torch.matmul(a, c[0]),
            torch.bmm(a, c),
            q.transpose(0, 1) @ w.T,
        )


make = Products
inputs = {"a": normal(4, 3, 5), "c": normal(4, 5, 4), "w": normal(7, 5), "v": normal(5), "q": normal(2, 4, 3, 5)}
