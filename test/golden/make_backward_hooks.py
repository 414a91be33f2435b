"""Writes test/programs/Inputs/backward_hooks.{txt,safetensors}: what PyTorch's hooks see in training, in which order, and
the gradients where hooks replace what they are given. Run from this folder, with torch and safetensors."""

import pathlib

import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "programs" / "Inputs"


class Mix(torch.nn.Module):
    def forward(self, a, b):
        return a * b + a


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(4, 4)
        self.act = torch.nn.Tanh()

    def forward(self, input):
        return self.act(self.inner(input))


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(5, 4)
        self.first = torch.nn.Linear(3, 4)
        self.block = Block()
        self.mix = Mix()
        self.last = torch.nn.Linear(4, 1)

    def forward(self, x, token):
        h = self.first(x)
        h = self.block(h)
        h = self.block(h)
        return self.last(self.mix(h, self.embed(token)))


def show(tensors):
    return " ".join("none" if t is None else f"[{', '.join(map(str, t.shape))}]" for t in tensors)


torch.manual_seed(0)
net = Net()
x = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
token, y = torch.tensor([1, 3]), torch.tensor([[0.5], [-1.0]])
lines = []


def tuples(value):
    return value if isinstance(value, tuple) else (value,)


handles = []
for name, module in net.named_modules():
    path = name or "."
    handles += [
        module.register_full_backward_pre_hook(lambda m, g, n=path: lines.append(f"pre {n}: {show(g)}")),
        module.register_full_backward_hook(lambda m, i, o, n=path: lines.append(f"after {n}: {show(i)} | {show(o)}")),
        module.register_forward_pre_hook(lambda m, i, n=path: lines.append(f"enter {n}")),
        module.register_forward_hook(lambda m, i, o, n=path: lines.append(f"leave {n}")),
    ]
torch.nn.functional.mse_loss(net(x, token), y).backward()
for handle in handles:
    handle.remove()
tensors = {f"plain.{name}": p.grad.clone() for name, p in net.named_parameters()}

net.zero_grad()
net.block.act.register_full_backward_pre_hook(lambda m, g: tuple(2 * t for t in g))
net.mix.register_full_backward_hook(lambda m, i, o: (i[0] + 1, 3 * i[1]))
net.first.register_full_backward_pre_hook(lambda m, g: tuple(t - 0.5 for t in g))
torch.nn.functional.mse_loss(net(x, token), y).backward()
tensors |= {f"replaced.{name}": p.grad.clone() for name, p in net.named_parameters()}
(FOLDER / "backward_hooks.txt").write_text("".join(f"{line}\n" for line in lines))
save_file(tensors, FOLDER / "backward_hooks.safetensors")
