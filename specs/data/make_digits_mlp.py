#!/usr/bin/env python3
"""Trains the 64-128-10 MLP of specs/digits_mlp.yaml with PyTorch on digits-train.safetensors and writes its state_dict to
digits_mlp.safetensors and its logits for digits-test.safetensors to test/golden; prints the accuracy.
Needs torch and safetensors from PyPI."""

import pathlib
import torch
from safetensors.torch import load_file, save_file
from torch import nn

here = pathlib.Path(__file__).parent
train, test = (load_file(here / f"digits-{name}.safetensors") for name in ("train", "test"))
torch.manual_seed(0)
model = nn.Sequential()
model.add_module("fc1", nn.Linear(64, 128))
model.add_module("act", nn.ReLU())
model.add_module("fc2", nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(30):
    order = torch.randperm(len(train["x"]))
    for rows in order.split(32):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(train["x"][rows]), train["label"][rows]).backward()
        optimizer.step()
model.eval()
with torch.no_grad():
    logits = model(test["x"])
right = (logits.argmax(1) == test["label"]).sum().item()
top = logits.topk(2).values
print(
    f"{right} of {len(test['x'])} test digits right: {right / len(test['x']):.4f}; "
    f"smallest margin between the first two logits {(top[:, 0] - top[:, 1]).min():.4f}"
)
save_file(model.state_dict(), here / "digits_mlp.safetensors")
save_file({"output": logits}, here.parent.parent / "test" / "golden" / "digits_logits.safetensors")
