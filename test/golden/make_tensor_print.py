#!/usr/bin/env python3
"""Writes tensor_print.safetensors and tensor_print.txt: tensors, and PyTorch's text of each. Needs torch."""

import os
import torch
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(7)
inf, nan = float("inf"), float("nan")
T = torch.tensor
TENSORS = [
    T(1.5), T(3.0), T(-2), T(True), T(float("nan")), T(1e-9), T(2.0, dtype=torch.float64), T(123456789.0), T(99999999.0),
    torch.zeros(3), torch.zeros(0), torch.zeros(2, 0), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3, dtype=torch.float64),
    T([1.0, 2.0, -3.0]), T([1.0, inf]), T([1.5, -inf, nan]), T([nan, nan]), T([inf, -inf]), T([0.0, -0.0]), T([1e-5, 1.0]),
    T([1e-4, 0.1]), T([0.00011, 0.1]), T([1.0, 1000.0]), T([1.0, 1001.0]), T([0.5, 501.0]), T([1e8]), T([1.1e8]), T([1e-38, 1e38]),
    T([1e-45]), T([-1e-5, nan, inf]), T([1.0, nan, 2000.0]), T([1e9, 1.0, inf]), T([0.0, 12345678.0]), T([9.99995, 99999.0]),
    T([0.1, 0.2], dtype=torch.float64), T([1e300, 1e-300], dtype=torch.float64), T([1, -20, 300]), T([2**62, -(2**63)]),
    T([True, False]), T([[True], [False]]), T([[1, 2], [3, -4]]), torch.randn(1, 1), torch.randn(2, 3), torch.randn(2, 3, 4),
    torch.randn(2, 1, 2, 2), torch.randn(25), torch.randn(3, 20), torch.randn(2, 2, 30) * 1e5, torch.randn(12, dtype=torch.float64),
    torch.randn(7, dtype=torch.float64), torch.arange(40), torch.arange(1000), torch.arange(1001), torch.randn(1001), torch.randn(40, 30),
    torch.randn(5, 300), torch.randn(300, 5), torch.randn(3, 7, 60), torch.randn(11, 10, 10), torch.randn(2, 2, 2, 200),
    torch.randn(7, 7, 7, 3), torch.randn(1100) > 0, torch.randn(1200, dtype=torch.float64), torch.arange(1200).reshape(30, 40) * 1000,
    torch.randn(1, 1, 1, 1, 1), torch.full((6,), 0.12345), torch.full((13,), -1234.5678), torch.randn(9, 1) * 1e-3,
    torch.cat([torch.ones(600), torch.tensor([1e9]), torch.ones(600)]),
]  # fmt: skip

tensors = {f"t{i:03}": t.contiguous() for i, t in enumerate(TENSORS)}
save_file(tensors, os.path.join(here, "tensor_print.safetensors"))
with open(os.path.join(here, "tensor_print.txt"), "w") as f:
    for name, t in tensors.items():
        f.write(f"{name} {t!r}\n")
        if t.dtype in (torch.float32, torch.float64):
            f.write(f"{torch.nn.Parameter(t)}\n")
