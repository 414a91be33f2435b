import torch
from torch import nn

from golden import normal


class CausalSelfAttention(nn.Module):
    def __init__(self, d, heads, block_size):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.proj = nn.Linear(d, d)
        self.register_buffer("mask", torch.tril(torch.ones(block_size, block_size)), persistent=False)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = [t.unflatten(-1, [self.heads, -1]).transpose(1, 2) for t in self.qkv(x).chunk(3, -1)]
        s = q @ k.transpose(-2, -1) / (d // self.heads) ** 0.5
        s = s.masked_fill(self.mask[:n, :n] == 0, float("-inf"))
        y = s.softmax(-1) @ v
        return self.proj(y.transpose(1, 2).flatten(-2))

    def extra_repr(self):
        return f"heads={self.heads}"


def make():
    return CausalSelfAttention(24, 4, 16)


inputs = {"x": normal(2, 5, 24)}
