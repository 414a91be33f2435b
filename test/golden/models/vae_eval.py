import torch
from torch import nn

from golden import normal


class VAE(nn.Module):
    def __init__(self, hidden=5, latent=2):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(784, hidden), nn.ReLU())
        self.mu, self.logvar = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 784))

    def forward(self, x):
        e = self.enc(x)
        m, s = self.mu(e), self.logvar(e)
        return torch.sigmoid(self.dec(m)), m, s


make = VAE
inputs = {"x": normal(2, 784).abs()}
