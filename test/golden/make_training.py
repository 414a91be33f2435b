#!/usr/bin/env python3
"""Writes test/golden/training/NAME.safetensors: what PyTorch makes of the models of specs/ and of test/training in some
steps of training (see check_steps.py)."""

import math
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss, softplus

from golden import HERE, integers, normal
from models.gpt2_small import GPT2


class Run:
    """Rows in file order, a batch a step, as `runec train --no-shuffle` takes them."""

    def __init__(self, name, model, data, batch, steps, flags="", valid=None, free=""):
        self.name, self.model, self.data, self.batch, self.steps = name, model, data, batch, steps
        self.tensors = {f"data/{key}": t for key, t in data.items()}
        self.tensors |= {f"valid/{key}": t for key, t in (valid or {}).items()}
        self.tensors |= {f"weights/{key}": t.clone() for key, t in model.state_dict().items()}
        self.metadata = {"flags": flags, "batch": str(batch), "steps": str(steps), "free": free}
        self.losses, self.rates, self.at = [], [], 0

    def next(self):
        rows = len(next(iter(self.data.values())))
        start = self.at * self.batch % (rows // self.batch * self.batch)
        self.at += 1
        return {key: t[start : start + self.batch] for key, t in self.data.items()}

    def save(self, average=None):
        self.tensors |= {f"parameters/{key}": t.clone() for key, t in self.model.state_dict().items()}
        if average:
            self.tensors |= {f"average/{key}": t.clone() for key, t in self.model.state_dict().items()}
            self.tensors |= {f"average/{key}": t.clone() for key, t in average.module.named_parameters()}
        self.tensors["loss"] = torch.tensor(self.losses, dtype=torch.float64)
        self.tensors["lr"] = torch.tensor(self.rates, dtype=torch.float64)
        save_file(self.tensors, HERE / "training" / f"{self.name}.safetensors", self.metadata)


def train(run, loss, optimizer, schedule=None, clip=None, accumulate=1, average=None, after=None):
    for step in range(run.steps):
        optimizer.zero_grad()
        total = 0
        for _ in range(accumulate):
            value = loss(run.model, **run.next())
            (value / accumulate).backward()
            total += value.item() / accumulate
        run.losses.append(total)
        run.rates.append(optimizer.param_groups[0]["lr"])
        if clip:
            clip()
        optimizer.step()
        if schedule:
            schedule.step()
        if average:
            average.update_parameters(run.model)
        if after:
            after(step)
    run.save(average)


def groups(model, decay, spared):
    """Two groups: those that `spared` says have no weight decay."""
    named = list(model.named_parameters())
    return [
        {"params": [p for n, p in named if not spared(n, p)], "weight_decay": decay},
        {"params": [p for n, p in named if spared(n, p)], "weight_decay": 0},
    ]


def pinn():
    torch.manual_seed(0)
    sizes = [2, 16, 16, 16, 1]
    layers = [layer for i, o in zip(sizes, sizes[1:]) for layer in (nn.Linear(i, o), nn.Tanh())][:-1]
    tx, edge = normal(12, 2), normal(12, 2)
    run = Run("pinn", nn.Sequential(*layers), {"tx": tx, "tx_b": edge, "u_b": torch.sin(edge[:, :1])}, 6, 10)

    def loss(model, tx, tx_b, u_b):
        tx = tx.clone().requires_grad_()
        u = model(tx)
        (du,) = torch.autograd.grad(u.sum(), tx, create_graph=True)
        (d2u,) = torch.autograd.grad(du[:, 1].sum(), tx, create_graph=True)
        residual = du[:, 0] + u[:, 0] * du[:, 1] - 0.01 / math.pi * d2u[:, 1]
        return (residual**2).mean() + ((model(tx_b) - u_b) ** 2).mean()

    train(run, loss, torch.optim.Adam(run.model.parameters(), lr=1e-3))


class Gan(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
        self.d = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))


def gan():
    torch.manual_seed(0)
    run = Run("gan", Gan(), {"z": normal(12, 8), "real": normal(12, 2) + 1}, 4, 12)
    g, d = run.model.g, run.model.d
    optimizers = [torch.optim.Adam(part.parameters(), lr=2e-4, betas=(0.5, 0.999)) for part in (d, g)]
    for _ in range(run.steps):
        batch = run.next()
        total = 0
        for optimizer, loss in zip(
            optimizers,
            (
                lambda: softplus(-d(batch["real"])).mean() + softplus(d(g(batch["z"]))).mean(),
                lambda: softplus(-d(g(batch["z"]))).mean(),
            ),
        ):
            optimizer.zero_grad()
            value = loss()
            value.backward()
            optimizer.step()
            total += value.item()
        run.losses.append(total)
        run.rates.append(2e-4)
    run.save()


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.ReLU())


def siamese():
    torch.manual_seed(0)
    data = {"a": normal(20, 8), "b": normal(20, 8), "same": integers(0, 2, 20).float()}
    run = Run("siamese", Siamese(), data, 5, 12, free="net.0.bias net.1.running_mean")

    def loss(model, a, b, same):
        u, v = model.net(a), model.net(b)
        d = ((u - v) ** 2).sum(dim=1)
        return (same * d + (1 - same) * torch.relu(1 - torch.sqrt(d + 1e-9)) ** 2).mean()

    parts = groups(run.model, 0.01, lambda n, p: n.endswith(".bias"))
    clip = lambda: nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    train(run, loss, torch.optim.AdamW(parts, lr=1e-3), clip=clip)


class Vae(nn.Module):
    def __init__(self, hidden, latent):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(784, hidden), nn.ReLU())
        self.mu, self.logvar = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 784))


def vae():
    """The noise is no matter of PyTorch's: it is kept below the rounding, by a variance of e⁻⁸⁰."""
    torch.manual_seed(0)
    model = Vae(7, 3)
    nn.init.zeros_(model.logvar.weight)
    nn.init.constant_(model.logvar.bias, -80)
    run = Run("vae", model, {"x": normal(8, 784).sigmoid()}, 4, 6, flags="-D hidden=7 -D latent=3")

    def loss(model, x):
        e = model.enc(x)
        m, s = model.mu(e), model.logvar(e)
        y = torch.sigmoid(model.dec(m + 0 * torch.exp(0.5 * s)))
        return ((y - x) ** 2).sum() / len(x) - 0.5 * (1 + s - m**2 - s.exp()).sum() / len(x)

    train(run, loss, torch.optim.Adam(model.parameters(), lr=1e-3))


def gpt2():
    torch.manual_seed(0)
    flags = "-D vocab=31 -D block_size=12 -D n_layer=2 -D heads=2 -D d=16"
    model = GPT2()
    run = Run("gpt2", model, {"idx": integers(0, 31, 8, 7), "next": integers(0, 31, 8, 7)}, 4, 8, flags=flags)

    def loss(model, idx, next):
        return cross_entropy(model(idx).flatten(0, 1), next.flatten())

    optimizer = torch.optim.AdamW(groups(model, 0.1, lambda n, p: p.ndim < 2), lr=6e-4, betas=(0.9, 0.95))
    rate = lambda s: min(1, (s + 1) / 100) if s < 100 else 0.1 + 0.45 * (1 + math.cos(math.pi * (s - 100) / 9900))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    train(run, loss, optimizer, schedule, clip=lambda: nn.utils.clip_grad_norm_(model.parameters(), 1.0))


def mlp():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    run = Run("mlp", model, {"x": normal(24, 64), "label": integers(0, 10, 24)}, 8, 10)
    optimizer = torch.optim.Adam(groups(model, 1e-2, lambda n, p: n.endswith(".bias")), lr=1e-3)
    clip = lambda: nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    train(run, lambda model, x, label: cross_entropy(model(x), label), optimizer, clip=clip)


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 5, bias=False), nn.BatchNorm1d(5), nn.Tanh())
        self.head = nn.Linear(5, 1)
        self.frozen = nn.Linear(3, 1)

    def forward(self, x):
        return self.head(self.body(x)) + self.frozen(x)


def parts(name, steps, batch, make, **options):
    """The network of test/training/NAME.yaml, which differ in `training`."""
    torch.manual_seed(0)
    model = Parts()
    for p in model.frozen.parameters():
        p.requires_grad_(False)
    x, v = normal(40, 3), normal(10, 3)
    truth = lambda x: torch.sin(x.sum(1, keepdim=True))
    run = Run(name, model, {"x": x, "y": truth(x)}, batch, steps, valid={"x": v, "y": truth(v)})
    loss = lambda model, x, y: mse_loss(model(x), y)
    train(run, loss, **make(run, [p for p in model.parameters() if p.requires_grad], v, truth(v)), **options)


def accumulated(run, trained, v, y):
    average = torch.optim.swa_utils.AveragedModel(
        run.model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
    )
    clip = lambda: nn.utils.clip_grad_value_(trained, 0.1)
    return {"optimizer": torch.optim.RMSprop(trained, lr=0.01), "clip": clip, "average": average}


def plateau(run, trained, v, y):
    optimizer = torch.optim.SGD(trained, lr=0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, cooldown=1)

    def after(step):
        if step % 5 == 4:  # an epoch
            run.model.eval()
            with torch.no_grad():
                schedule.step(mse_loss(run.model(v), y))
            run.model.train()

    return {"optimizer": optimizer, "after": after}


def epochs(run, trained, v, y):
    optimizer = torch.optim.SGD(trained, lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    return {"optimizer": optimizer, "after": lambda step: schedule.step() if step % 5 == 4 else None}


def grouped(run, trained, v, y):
    head = list(run.model.head.parameters())
    body = [p for p in trained if all(p is not h for h in head)]
    matrices, vectors = [p for p in body if p.ndim >= 2], [p for p in body if p.ndim < 2]
    optimizer = torch.optim.SGD(
        [
            {"params": matrices},
            {"params": vectors, "weight_decay": 0},
            {"params": head, "lr": 0.02, "momentum": 0.5, "nesterov": True},
        ],
        lr=0.1,
        momentum=0.9,
        weight_decay=0.01,
    )
    return {"optimizer": optimizer, "schedule": torch.optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.5)}


if __name__ == "__main__":
    for make in (pinn, gan, siamese, vae, gpt2, mlp):
        make()
    parts("accumulated", 9, 4, accumulated, accumulate=2)
    parts("plateau", 40, 8, plateau)
    parts("epochs", 30, 8, epochs)
    parts("grouped", 20, 8, grouped)
