from torch import nn

from golden import normal


class Mixer(nn.Module):
    def __init__(self, tokens=6, channels=8, depth=2):
        super().__init__()
        for i in range(depth):
            setattr(self, f"norm{i}_a", nn.LayerNorm(channels))
            setattr(self, f"tokens{i}", nn.Sequential(nn.Linear(tokens, 12), nn.GELU(), nn.Linear(12, tokens)))
            setattr(self, f"norm{i}_b", nn.LayerNorm(channels, elementwise_affine=False))
            setattr(self, f"channels{i}", nn.Sequential(nn.Linear(channels, 16), nn.Mish(), nn.Linear(16, channels)))
        self.group = nn.GroupNorm(2, tokens)

    def forward(self, x):
        for i in range(2):
            m = self._modules
            x = x + m[f"tokens{i}"](m[f"norm{i}_a"](x).transpose(1, 2)).transpose(1, 2)
            x = x + m[f"channels{i}"](m[f"norm{i}_b"](x))
        return self.group(x), self.group(x).mean(1)


make = Mixer
inputs = {"x": normal(3, 6, 8)}
