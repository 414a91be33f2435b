#!/usr/bin/env python3
"""Writes init.txt: what torch.nn.init gives. Needs torch; run it again when a case is added.

Each line: scheme, dtype, seed ("-" continues the stream), shape, arguments, then the FNV-1a hash of the bytes in
memory, or "~" and the values where only closeness is promised.
"""

import os
import torch

init = torch.nn.init


def fnv(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


CASES = [
    ("uniform", (5,), (0, 1)), ("uniform", (777,), (-0.3, 0.3)), ("uniform", (3, 7), (2, 5)),
    ("normal", (1,), (0, 1)), ("normal", (3,), (0, 1)), ("normal", (15,), (0.5, 2)), ("normal", (16,), (0, 1)),
    ("normal", (17,), (0.1, 0.02)), ("normal", (24,), (0, 1)), ("normal", (31,), (1, 3)), ("normal", (40, 100), (0, 0.02)),
    ("trunc_normal", (12,), (0, 1, -2, 2)), ("trunc_normal", (500,), (0, 1, -2, 2)), ("trunc_normal", (64,), (0, 1, -0.5, 3)),
    ("trunc_normal", (50,), (0, 1, 2.5, 3)), ("trunc_normal", (333,), (0, 1, -0.2, 0.2)), ("trunc_normal", (200,), (3, 0.5, -1, 1.5)),
    ("constant", (4, 3), (0.1,)), ("ones", (5,), ()), ("zeros", (5,), ()), ("eye", (3, 5), ()), ("eye", (6, 2), ()),
    ("dirac", (4, 3, 3), (1,)), ("dirac", (6, 2, 3, 4), (3,)), ("dirac", (4, 2, 2, 3, 5), (2,)),
    ("xavier_uniform", (13, 28), (1,)), ("xavier_uniform", (4, 3, 5, 5), (5.0 / 3,)), ("xavier_normal", (13, 28), (1,)),
    ("xavier_normal", (3, 4), (2.0**0.5,)),
    ("kaiming_uniform", (13, 28), (5**0.5, 0, "leaky_relu")), ("kaiming_uniform", (8, 3, 3, 3), (0, 1, "relu")),
    ("kaiming_uniform", (7, 9), (0.2, 0, "leaky_relu")), ("kaiming_uniform", (7, 9), (0, 0, "tanh")),
    ("kaiming_normal", (13, 28), (0, 0, "leaky_relu")), ("kaiming_normal", (8, 3, 3, 3), (0, 1, "selu")),
    ("kaiming_normal", (3, 4), (0, 1, "linear")),
    ("sparse", (10, 7), (0.3, 0.01)), ("sparse", (33, 5), (0.91, 1)), ("sparse", (5, 4), (1, 1)), ("sparse", (5, 4), (0, 2)),
    ("orthogonal", (4, 4), (1,)), ("orthogonal", (3, 7), (1,)), ("orthogonal", (9, 5), (2.0**0.5,)), ("orthogonal", (4, 2, 3), (1,)),
    ("orthogonal", (1, 6), (1,)), ("orthogonal", (6, 1), (1,)), ("randperm", (10,), ()), ("randperm", (1000,), ()), ("randperm", (1,), ()),
]  # fmt: skip


def run(scheme, t, args):
    if scheme == "randperm":
        return torch.randperm(t.numel())
    if scheme.startswith("kaiming"):
        a, fan_out, nonlinearity = args
        getattr(init, scheme + "_")(t, a=a, mode="fan_out" if fan_out else "fan_in", nonlinearity=nonlinearity)
    else:
        getattr(init, scheme + "_")(t, *args)
    return t


def main():
    lines = []
    for dtype, name in ((torch.float32, "f32"), (torch.float64, "f64")):
        for seed in ("0", "42", "4294967301", "-"):
            for scheme, shape, args in CASES:
                if seed != "-":
                    torch.manual_seed(int(seed))
                t = run(scheme, torch.empty(*shape, dtype=dtype), args).contiguous()
                if scheme == "orthogonal":
                    result = "~" + ",".join(repr(x) for x in t.flatten().tolist())
                else:
                    result = fnv(t.numpy().tobytes())
                arguments = ",".join(a if isinstance(a, str) else repr(float(a)) for a in args) or "."
                lines.append(f"{scheme} {name} {seed} {','.join(map(str, shape))} {arguments} {result}")
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "init.txt"), "w") as f:
        f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
