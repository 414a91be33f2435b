from torch import nn

from golden import normal


class Optional(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 5)
        self.register_module("spare", None)

    def forward(self, x, offset):
        return self.fc(x) * 0.5 + offset


make = Optional
inputs = {"x": normal(2, 3, 5), "offset": normal(3, 5)}
