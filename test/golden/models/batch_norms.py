from torch import nn

from golden import normal, scatter


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential()
        for name, layer in (
            ("fc", nn.Linear(6, 9)),
            ("bn", nn.BatchNorm1d(9)),
            ("act", nn.ReLU()),
            ("fc2", nn.Linear(9, 7, bias=False)),
            ("bn2", nn.BatchNorm1d(7, eps=1e-2, affine=False)),
            ("act2", nn.Hardtanh()),
        ):
            self.stem.add_module(name, layer)
        self.before = nn.BatchNorm1d(7, momentum=None)
        self.out = nn.Linear(7, 4)
        self.shared = nn.BatchNorm1d(4)

    def forward(self, x):
        h = self.out(self.before(self.stem(x)))
        return self.shared(h) + h, self.shared(self.shared(h * 2))


make = Normed
prepare = scatter
inputs = {"x": normal(5, 6)}
