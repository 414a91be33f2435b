import torch
from torch import nn

from golden import integers


class Tied(nn.Module):
    def __init__(self, vocab=19, d=12):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.up = nn.Linear(d, d)
        self.gate = nn.Linear(d, d, bias=False)
        self.head = nn.Linear(d, vocab, bias=False)
        self.head.weight = self.embed.weight
        self.gate.weight = self.up.weight
        nn.init.normal_(self.embed.weight, 0, 0.02)

    def forward(self, tokens):
        x = self.embed(tokens)
        x = x + self.up(x) * torch.sigmoid(self.gate(x))
        return self.head(x)


make = Tied
inputs = {"tokens": integers(0, 19, 3, 7)}
