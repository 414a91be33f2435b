import torch
from torch import nn
import torch.nn.functional as F

from golden import normal


class CrossAttention(nn.Module):
    def __init__(self, d=8, d_context=6, heads=2):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(d)
        self.to_q = nn.Linear(d, d, bias=False)
        self.to_kv = nn.Linear(d_context, 2 * d, bias=False)
        self.to_out = nn.Linear(d, d)

    def split(self, x):
        return x.reshape(*x.shape[:2], self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, x, context, mask):
        q = self.split(self.to_q(self.norm(x)))
        k, v = map(self.split, self.to_kv(context).chunk(2, -1))
        y = F.scaled_dot_product_attention(q, k, v, mask[:, None, None, :])
        return x + self.to_out(y.permute(0, 2, 1, 3).flatten(2))


make = CrossAttention
inputs = {
    "x": normal(2, 3, 8),
    "context": normal(2, 5, 6),
    "mask": torch.tensor([[1, 0, 1, 1, 0], [0, 1, 1, 1, 1]]).bool(),
}
