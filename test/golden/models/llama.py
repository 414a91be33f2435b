import math
import torch
from torch import nn
import torch.nn.functional as F

from golden import integers


def rotate(x, base=10000.0):
    n, size = x.shape[-2:]
    angle = torch.arange(n)[:, None] * torch.exp(torch.arange(0, size, 2) * (-math.log(base) / size))
    c, s = angle.cos(), angle.sin()
    u, v = x.chunk(2, -1)
    return torch.cat([u * c - v * s, u * s + v * c], -1)


class Attention(nn.Module):
    def __init__(self, d, heads, kv_heads):
        super().__init__()
        self.size, self.groups = d // heads, heads // kv_heads
        self.wq = nn.Linear(d, heads * self.size, bias=False)
        self.wk = nn.Linear(d, kv_heads * self.size, bias=False)
        self.wv = nn.Linear(d, kv_heads * self.size, bias=False)
        self.wo = nn.Linear(heads * self.size, d, bias=False)

    def forward(self, x):
        def split(t):
            return t.unflatten(-1, (-1, self.size)).transpose(1, 2)

        q, k = rotate(split(self.wq(x))), rotate(split(self.wk(x))).repeat_interleave(self.groups, 1)
        v = split(self.wv(x)).repeat_interleave(self.groups, 1)
        return self.wo(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.w1, self.w2 = nn.Linear(d, hidden, bias=False), nn.Linear(hidden, d, bias=False)
        self.w3 = nn.Linear(d, hidden, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class Block(nn.Module):
    def __init__(self, d, heads, kv_heads):
        super().__init__()
        self.attention_norm = nn.RMSNorm(d, eps=1e-5)
        self.attention = Attention(d, heads, kv_heads)
        self.ffn_norm = nn.RMSNorm(d, eps=1e-5)
        self.feed_forward = FeedForward(d, 8 * d // 3)

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed_forward(self.ffn_norm(x))


class Llama(nn.Module):
    def __init__(self, vocab=23, d=16, heads=4, kv_heads=2, depth=2):
        super().__init__()
        self.tok_embeddings = nn.Embedding(vocab, d)
        self.layers = nn.ModuleList([Block(d, heads, kv_heads) for _ in range(depth)])
        self.norm = nn.RMSNorm(d, eps=1e-5)
        self.output = nn.Linear(d, vocab, bias=False)
        for name, p in self.named_parameters():
            if name.split(".")[-2] in ("wq", "wk", "wv", "wo", "w1", "w2", "w3"):
                nn.init.normal_(p, 0, 0.02)
        for name, p in self.named_parameters():
            if name.endswith("wo.weight"):
                nn.init.normal_(p, std=0.02 / depth**0.5)

    def forward(self, tokens):
        x = self.tok_embeddings(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.output(self.norm(x))


make = Llama
inputs = {"tokens": integers(0, 23, 2, 6)}
