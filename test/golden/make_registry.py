#!/usr/bin/env python3
"""Writes registry.txt: what PyTorch says of the model that test/runtime/registry.cc has in tables. Needs torch."""

import os
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale
        self.seq = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.drop = None

    def extra_repr(self):
        return f"scale={self.scale}\n\ntwo lines"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.empty(2))
        nn.init.uniform_(self.w)
        self.register_buffer("running", torch.ones(3))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)
        self.register_buffer("count", torch.tensor(0))
        self.emb = nn.Embedding(5, 4)
        self.blocks = nn.ModuleList([Block(1), Block(1), Block(2)])
        self.empty = nn.ModuleList()
        self.register_module("none", None)
        self.head = nn.Linear(4, 5)
        self.head.weight = self.emb.weight
        self.frozen = nn.Linear(1, 1).requires_grad_(False)


def fnv(t):
    h = 0xCBF29CE484222325
    for b in t.numpy().tobytes():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def size(t):
    return "[" + ", ".join(map(str, t.shape)) + "]"


def attempt(out, f):
    try:
        r = f()
        out.append(f"missing: {' '.join(r.missing_keys)} unexpected: {' '.join(r.unexpected_keys)}")
    except (RuntimeError, AttributeError) as e:
        out.append(str(e))


def main():
    torch.manual_seed(3)
    net = Net()
    out = [repr(net)]
    out += [f"{k} {size(p)} {int(p.requires_grad)}" for k, p in net.named_parameters()]
    out += [f"dup {k}" for k, p in net.named_parameters(remove_duplicate=False)]
    out += [f"own {k}" for k, p in net.named_parameters(recurse=False)]
    out += [f"buffer {k}" for k, p in net.named_buffers()]
    out += [f"child {k}" for k, p in net.named_children()]
    out += [f"module '{k}' {type(m).__name__}" for k, m in net.named_modules()]
    out += [f"block {k}" for k, p in net.blocks[1].named_parameters()]
    out += [f"state {k} {fnv(v)}" for k, v in net.state_dict().items()]
    out += [f"substate {k}" for k, v in net.blocks.state_dict().items()]
    order = []
    net.apply(lambda m: order.append(type(m).__name__))
    out.append("apply " + " ".join(order))
    net.blocks.eval()
    out.append("training " + " ".join(str(int(m.training)) for m in net.modules()))
    for target in ("blocks.0.seq.0", "blocks.3", "blocks.0.nothing", "w", "blocks.0.seq.0.weight.x"):
        attempt(out, lambda: out.append(repr(net.get_submodule(target))) or net.load_state_dict(net.state_dict()))
    for target in ("blocks.0.seq.0.bias", "blocks.0.bias", "blocks.0", "running"):
        attempt(out, lambda: out.append(size(net.get_parameter(target))) or net.load_state_dict(net.state_dict()))
    state = net.state_dict()
    state["count"] = torch.tensor([7])
    attempt(out, lambda: net.load_state_dict(state))
    out.append(f"count {net.count.item()}")
    state["w"] = torch.zeros(3)
    state["emb.weight"] = torch.zeros(5, 4, 1)
    del state["head.bias"], state["blocks.1.seq.0.weight"]
    state["blocks.1.seq.1.weight"] = torch.zeros(1)
    state["blocks.7.x"] = state["other"] = state["scratch"] = state["none.x"] = state["running.x"] = torch.zeros(1)
    attempt(out, lambda: net.load_state_dict(state))
    attempt(out, lambda: net.load_state_dict(state, strict=False))
    del state["w"], state["emb.weight"]
    attempt(out, lambda: net.load_state_dict(state, strict=False))
    attempt(out, lambda: net.blocks.load_state_dict({"0.seq.0.bias": torch.zeros(4), "0.seq.0.weight": torch.zeros(2), "x": torch.zeros(1)}))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "registry.txt"), "w") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
