#!/usr/bin/env python3
"""Writes test/nn/MODULE.test and test/golden/nn/MODULE.safetensors for the modules of specs/nn, from torch.nn."""

import math
import pathlib
import sys
import torch
from torch import nn

from golden import HERE, Golden, integers, normal, scatter

QUANTIZABLE = nn.modules.linear.NonDynamicallyQuantizableLinear  # what MultiheadAttention projects with
DTYPES = {torch.float32: None, torch.float64: None, torch.int64: "i64", torch.bool: "bool"}
# Every kind of value; `large` would drown the others in a tolerance, so values are near one by one there.
SPECIAL = torch.tensor(
    [
        float(value)
        for value in """nan inf -inf -0.0 0.0 1e-40 -1e-40 1e-8 -1e-8 0.5 -0.5 1 -1 2.9999 3 -3 5 -5 6 -6 9 -9 19.9 20.1
        -19.9 -20.1 87 -87 89 -89 104 -104 200 -200 1e10 -1e10 3e37 -3e37""".split()
    ]
)
# Where derivatives jump, and where they could overflow.
KINKS = torch.tensor(
    [
        0.0,
        -0.0,
        1e-30,
        -1e-30,
        0.1,
        -0.1,
        0.5,
        -0.5,
        1,
        -1,
        2,
        -2,
        3,
        -3,
        5.5,
        -5.5,
        6,
        -6,
        8,
        -8,
        20,
        -20,
        20.5,
        -20.5,
        50,
        -50,
    ]
    + [88, -88, 90, -90, 200, -200, 1e10, -1e10, 3e37, -3e37, math.inf, -math.inf]
)
FINITE_BELOW = SPECIAL[~(SPECIAL > 1e30)]  # PyTorch's GELU overflows above


def yaml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(yaml, value)) + "]"
    return (
        {True: "true", False: "false", None: "none"}[value] if value is None or isinstance(value, bool) else str(value)
    )


class Module:
    """The cases of one module."""

    def __init__(self, name):
        self.name, self.golden, self.lines = name, Golden(), []

    def make(self, arguments):
        return getattr(nn, self.name, QUANTIZABLE)(**arguments)

    def case(self, case, arguments, *inputs, shapes=(), names=("input",), **options):
        """`shapes` names dimensions that are dynamic: [(input, its shape)]."""
        inputs = dict(zip(names, inputs))
        declared = {}
        for name, tensor in inputs.items():
            declared[name] = {"shape": dict(shapes).get(name, list(tensor.shape))}
            if DTYPES[tensor.dtype]:
                declared[name]["dtype"] = DTYPES[tensor.dtype]
        self.golden.add(case, lambda: self.make(arguments), inputs, **options)
        model = yaml({self.name: arguments}) if arguments else self.name
        self.lines.append(f"{case} | {model} | {yaml(declared)}")
        return self

    def double(self, case, arguments, *inputs, **options):
        """A case in f64, which follows --dtype in a spec."""
        torch.set_default_dtype(torch.float64)
        self.case(
            case,
            arguments,
            *[t.double() if t.is_floating_point() else t for t in inputs],
            flags="--dtype=f64",
            **options,
        )
        torch.set_default_dtype(torch.float32)
        return self

    def save(self):
        self.golden.save(HERE / "nn" / f"{self.name}.safetensors")
        head = [
            f"# RUN: %python %golden/check_golden.py --work %t --gradients cases %s %golden/nn/{self.name}.safetensors",
            f"# Written by test/golden/{pathlib.Path(sys.argv[0]).name}: case | model | inputs",
        ]
        (HERE.parent / "nn" / f"{self.name}.test").write_text("\n".join(head + self.lines) + "\n")


def activation(name, *arguments):
    """Defaults and each set of arguments, on special values, a scalar, odd shapes and a dynamic one."""
    module = Module(name)
    module.case("special", {}, SPECIAL, tolerance="each", constant="all")
    module.case("kinks", {}, KINKS, tolerance="each")
    module.case("scalar", {}, torch.tensor(-1.5))
    module.case("prime", {}, normal(3, 1, 7, 5, scale=3), tolerance="each")
    module.case("dynamic", {}, normal(13, 4), shapes=[("input", ["n", "m"])], tolerance="each")
    rounded = "all" if name == "Hardsigmoid" else None  # its gradient has a sixth in f32
    module.double("double", {}, normal(29, scale=4), tolerance="each", constant=rounded)
    for i, given in enumerate(arguments):
        module.case(f"arguments{i}", given, SPECIAL, tolerance="each", constant="all")
        module.case(f"kinks{i}", given, KINKS, tolerance="each")
    module.save()


def activations():
    inplace = {"inplace": True}
    for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish"):
        activation(name, inplace)
    for name in ("Sigmoid", "LogSigmoid", "Tanh", "Tanhshrink", "Softsign"):
        activation(name)
    activation("LeakyReLU", {"negative_slope": 0.3}, {"negative_slope": 0}, {"negative_slope": -1.5, **inplace})
    activation("RReLU", {"lower": 0.1, "upper": 0.4}, {"lower": 0.25, **inplace})
    activation("ELU", {"alpha": 0.7}, {"alpha": 2, **inplace})
    activation("CELU", {"alpha": 2.5}, {"alpha": -0.5, **inplace})
    gelu = Module("GELU")
    gelu.case("special", {}, FINITE_BELOW, tolerance="each", constant="all").case(
        "tanh", {"approximate": "tanh"}, SPECIAL, tolerance="each", constant="all"
    )
    gelu.case("kinks", {}, KINKS[abs(KINKS) < 1e30], tolerance="each")
    gelu.case("tanh_kinks", {"approximate": "tanh"}, KINKS[abs(KINKS) < 1e10], tolerance="each")
    gelu.case("none", {"approximate": "none"}, normal(3, 1, 7)).case("scalar", {}, torch.tensor(-1.5))
    gelu.double("double", {}, normal(29, scale=4), tolerance="each")
    gelu.double("double_tanh", {"approximate": "tanh"}, normal(29, scale=4), tolerance="each")
    gelu.case("dynamic", {"approximate": "tanh"}, normal(3, 5), shapes=[("input", ["n", "m"])], tolerance="each").save()
    activation("Hardtanh", {"min_val": -2.5, "max_val": 0.5}, {"min_val": 0, "max_val": 6, **inplace})
    activation("Hardshrink", {"lambd": 5.5}, {"lambd": 0})
    activation("Softshrink", {"lambd": 5.5}, {"lambd": 0})
    activation("Softplus", {"beta": 2.5, "threshold": 5}, {"beta": 0.1, "threshold": 20.0})
    threshold = Module("Threshold")
    for i, given in enumerate(({"threshold": 0.1, "value": 20}, {"threshold": -3.0, "value": -1.5, **inplace})):
        threshold.case(f"special{i}", given, SPECIAL, tolerance="each", constant="all")
        threshold.case(f"kinks{i}", given, KINKS, tolerance="each")
    threshold.case("dynamic", {"threshold": 0, "value": 0.5}, normal(3, 7), shapes=[("input", ["n", 7])]).save()

    prelu = Module("PReLU").case("special", {}, SPECIAL, tolerance="each", constant="all")
    prelu.case("kinks", {}, KINKS[abs(KINKS) < 1e10], tolerance="each").case("scalar", {}, torch.tensor(-1.5))
    prelu.case("init", {"init": 0.5}, normal(2, 3)).case(
        "channels", {"num_parameters": 3}, normal(2, 3, 5), prepare=scatter
    )
    prelu.case("images", {"num_parameters": 3, "init": -1}, normal(2, 3, 2, 5), prepare=scatter)
    prelu.case("rows", {"num_parameters": 7}, normal(5, 7), prepare=scatter, shapes=[("input", ["n", 7])]).save()


def softmaxes():
    inf = math.inf
    special = torch.tensor(
        [
            [1.0, 2, 3],
            [inf, 1, 2],
            [-inf, 1, 2],
            [-inf, -inf, -inf],
            [math.nan, 1, 2],
            [1e38, -1e38, 0],
            [-1e10, -1e10, -1e10],
            [inf, inf, -inf],
            [-0.0, 0.0, 1e-40],
            [200, -200, 104],
        ]
    )
    for name in ("Softmax", "Softmin", "LogSoftmax"):
        module = Module(name).case("special", {"dim": 1}, special, tolerance="each", constant="all")
        module.case("masked", {"dim": 1}, torch.tensor([[0.0, 0, 0], [-inf, 1, 2], [1e10, -1e10, 0], [200, -200, 104]]))
        for rank, shape in enumerate(((), (7,), (3, 5), (2, 3, 5), (2, 1, 3, 5))):
            module.case(f"default{rank}", {}, normal(*shape, scale=3), tolerance="each")
        module.case("first", {"dim": 0}, normal(5, 3)).case("last", {"dim": -1}, normal(2, 3, 67))
        module.case("middle", {"dim": 1}, normal(2, 11, 3)).case("one", {"dim": 1}, normal(4, 1))
        module.case("long", {"dim": -1}, normal(2, 300), tolerance="each")
        module.double("double", {"dim": 1}, normal(5, 13))
        module.case("empty", {"dim": 1}, normal(0, 13), shapes=[("input", ["n", "m"])])
        module.case("dynamic", {"dim": 1}, normal(5, 13), shapes=[("input", ["n", "m"])], tolerance="each").save()
    module = Module("Softmax2d").case("image", {}, normal(3, 2, 5)).case("images", {}, normal(2, 7, 3, 2))
    module.case("dynamic", {}, normal(3, 4, 5, 2), shapes=[("input", ["n", 4, "h", "w"])]).save()
    module = Module("GLU").case("default", {}, normal(3, 10)).case("first", {"dim": 0}, normal(6, 5))
    module.case("special", {}, torch.stack([special, special.flip(0)], -1).flatten(1), tolerance="each", constant="all")
    module.case("middle", {"dim": 1}, normal(2, 2, 7)).case("vector", {}, normal(14))
    module.case("dynamic", {}, normal(5, 6), shapes=[("input", ["n", 6])]).save()


def linears():
    linear = Module("Linear").case("default", {"in_features": 3, "out_features": 4}, normal(2, 3))
    linear.case("no_bias", {"in_features": 3, "out_features": 4, "bias": False}, normal(2, 3))
    linear.case("vector", {"in_features": 7, "out_features": 5}, normal(7))
    linear.case("one", {"in_features": 1, "out_features": 1}, normal(1, 1))
    linear.case("leading", {"in_features": 5, "out_features": 3}, normal(2, 1, 3, 5))
    linear.case("tiles", {"in_features": 37, "out_features": 53}, normal(29, 37))
    linear.case("row", {"in_features": 67, "out_features": 31}, normal(1, 67))
    linear.case("column", {"in_features": 19, "out_features": 1}, normal(11, 19))
    linear.double("double", {"in_features": 17, "out_features": 33}, normal(13, 17))
    linear.case("dynamic", {"in_features": 17, "out_features": 33}, normal(13, 17), shapes=[("input", ["batch", 17])])
    linear.case("empty", {"in_features": 17, "out_features": 33}, normal(0, 17), shapes=[("input", ["batch", 17])])
    linear.case("dynamic3", {"in_features": 6, "out_features": 16}, normal(3, 5, 6), shapes=[("input", ["b", "n", 6])])
    special = torch.tensor([[math.nan, 1, 2], [math.inf, 0, 1], [-math.inf, 1, 1], [1e30, 2, 3], [-0.0, 0, 0]])
    linear.case("special", {"in_features": 3, "out_features": 2}, special, tolerance="each", constant="all").save()

    projection = Module("NonDynamicallyQuantizableLinear")
    projection.case("default", {"in_features": 3, "out_features": 4}, normal(2, 3)).save()

    pair = ("input1", "input2")
    bilinear = Module("Bilinear")
    given = {"in1_features": 3, "in2_features": 5, "out_features": 4}
    bilinear.case("default", given, normal(2, 3), normal(2, 5), names=pair)
    bilinear.case("no_bias", {**given, "bias": False}, normal(7, 3), normal(7, 5), names=pair)
    bilinear.case("leading", given, normal(2, 1, 7, 3), normal(2, 1, 7, 5), names=pair)
    bilinear.case("vector", given, normal(3), normal(5), names=pair)
    bilinear.case(
        "one", {"in1_features": 1, "in2_features": 1, "out_features": 1}, normal(3, 1), normal(3, 1), names=pair
    )
    bilinear.case(
        "dynamic", given, normal(6, 3), normal(6, 5), names=pair, shapes=[("input1", ["n", 3]), ("input2", ["n", 5])]
    ).save()

    identity = Module("Identity").case("default", {}, normal(2, 3)).case("scalar", {}, normal())
    identity.case("integers", {}, integers(-9, 9, 3, 2)).case("bits", {}, normal(5) > 0)
    identity.case("dynamic", {}, normal(3, 2, 4), shapes=[("input", ["a", 2, "b"])]).save()


def shapes():
    flatten = Module("Flatten").case("default", {}, normal(2, 3, 5)).case("all", {"start_dim": 0}, normal(2, 3, 5))
    flatten.case("middle", {"start_dim": 1, "end_dim": 2}, normal(2, 3, 1, 5)).case(
        "negative", {"start_dim": -2}, normal(2, 3, 5)
    )
    flatten.case("none", {"start_dim": 1, "end_dim": 1}, normal(2, 3, 5)).case("integers", {}, integers(0, 9, 2, 3, 2))
    flatten.case("vector", {"start_dim": 0}, normal(7)).case("scalar", {"start_dim": 0}, normal())
    flatten.case("dynamic", {}, normal(2, 3, 5), shapes=[("input", ["n", 3, "m"])]).save()
    unflatten = Module("Unflatten").case("default", {"dim": 1, "unflattened_size": (2, 3)}, normal(2, 6))
    unflatten.case("guess", {"dim": 0, "unflattened_size": (2, -1)}, normal(6, 5))
    unflatten.case("negative", {"dim": -1, "unflattened_size": (1, 3, 2)}, normal(2, 5, 6))
    unflatten.case(
        "dynamic", {"dim": 1, "unflattened_size": (3, -1)}, normal(2, 6, 2), shapes=[("input", ["n", 6, 2])]
    ).save()


def embeddings():
    module = Module("Embedding")
    given = {"num_embeddings": 7, "embedding_dim": 5}
    module.case("default", given, integers(0, 7, 3, 4)).case("padding", {**given, "padding_idx": 2}, integers(0, 7, 11))
    module.case("padding_end", {**given, "padding_idx": -1}, integers(0, 7, 2, 3, 5))
    module.case("scalar", given, torch.tensor(3)).case(
        "one", {"num_embeddings": 1, "embedding_dim": 1}, torch.zeros(2, 1, dtype=torch.int64)
    )
    module.case("norm_type", {**given, "norm_type": 1.5}, integers(0, 7, 4)).case(
        "sparse", {**given, "sparse": True}, integers(0, 7, 4)
    )
    module.case("many", {"num_embeddings": 50, "embedding_dim": 17}, integers(0, 50, 9))
    module.case("dynamic", given, integers(0, 7, 2, 6), shapes=[("input", ["b", "n"])]).save()


def norms():
    wide = {"prepare": scatter, "tolerance": "each"}
    both = {**wide, "train": True}
    layer = Module("LayerNorm").case("default", {"normalized_shape": 5}, normal(2, 3, 5), **wide)
    layer.case("init", {"normalized_shape": [5]}, normal(7, 5)).case(
        "two", {"normalized_shape": [4, 3]}, normal(2, 4, 3), **wide
    )
    layer.case("whole", {"normalized_shape": [4, 3]}, normal(4, 3), **wide).case(
        "eps", {"normalized_shape": 6, "eps": 0.5}, normal(3, 6), **wide
    )
    layer.case("plain", {"normalized_shape": 6, "elementwise_affine": False}, normal(3, 6), tolerance="each")
    layer.case("no_bias", {"normalized_shape": 6, "bias": False}, normal(3, 6), **wide)
    layer.case("one", {"normalized_shape": 1}, normal(3, 1), **wide).case(
        "long", {"normalized_shape": 300}, normal(2, 300), **wide
    )
    layer.double("double", {"normalized_shape": [4, 3]}, normal(2, 4, 3), **wide)
    layer.case("empty", {"normalized_shape": 19}, normal(3, 0, 19), shapes=[("input", ["b", "n", 19])], **wide)
    layer.case("dynamic", {"normalized_shape": 19}, normal(3, 5, 19), shapes=[("input", ["b", "n", 19])], **wide)
    special = torch.tensor([[1.0, 2, math.nan], [math.inf, 1, 2], [0, 0, 0], [1e15, -1e15, 3]])
    layer.case("special", {"normalized_shape": 3}, special, tolerance="each", constant="all").save()

    rms = Module("RMSNorm").case("default", {"normalized_shape": 5}, normal(2, 3, 5), names=["x"], **wide)
    rms.case("init", {"normalized_shape": [5]}, normal(7, 5), names=["x"])
    rms.case("two", {"normalized_shape": [4, 3]}, normal(2, 4, 3), names=["x"], **wide)
    rms.case("eps", {"normalized_shape": 6, "eps": 1e-3}, normal(3, 6), names=["x"], **wide)
    rms.case("small", {"normalized_shape": 6}, normal(3, 6, scale=1e-4), names=["x"], **wide)
    rms.case("plain", {"normalized_shape": 6, "elementwise_affine": False}, normal(3, 6), names=["x"], tolerance="each")
    rms.case("special", {"normalized_shape": 3}, special, names=["x"], tolerance="each", constant="all")
    rms.case(
        "dynamic", {"normalized_shape": 19}, normal(3, 5, 19), names=["x"], shapes=[("x", ["b", "n", 19])], **wide
    ).save()

    group = Module("GroupNorm").case("default", {"num_groups": 2, "num_channels": 6}, normal(2, 6, 3, 5), **wide)
    group.case("init", {"num_groups": 3, "num_channels": 6}, normal(2, 6, 3)).case(
        "layer", {"num_groups": 1, "num_channels": 3}, normal(2, 3, 7), **wide
    )
    group.case("instance", {"num_groups": 3, "num_channels": 3}, normal(2, 3, 7), **wide)
    group.case("flat", {"num_groups": 2, "num_channels": 8}, normal(5, 8), **wide)
    group.case("eps", {"num_groups": 2, "num_channels": 4, "eps": 0.1}, normal(3, 4, 2), **wide)
    group.case("plain", {"num_groups": 2, "num_channels": 4, "affine": False}, normal(3, 4, 2), tolerance="each")
    group.case("no_bias", {"num_groups": 2, "num_channels": 4, "bias": False}, normal(3, 4, 2), **wide)
    group.case(
        "dynamic", {"num_groups": 2, "num_channels": 4}, normal(3, 4, 7), shapes=[("input", ["n", 4, "m"])], **wide
    ).save()

    batch = Module("BatchNorm1d").case("default", {"num_features": 5}, normal(3, 5), **both)
    batch.case("init", {"num_features": 5}, normal(7, 5), train=True).case(
        "sequence", {"num_features": 3}, normal(2, 3, 7), **both
    )
    batch.case("eps", {"num_features": 5, "eps": 0.1}, normal(3, 5), **both)
    batch.case("momentum", {"num_features": 5, "momentum": None}, normal(3, 5), **both)
    batch.case("momentum2", {"num_features": 5, "momentum": 0.5}, normal(1, 5), **wide)
    batch.case("momentum3", {"num_features": 5, "momentum": 0.5}, normal(2, 5), **both)
    batch.case("plain", {"num_features": 5, "affine": False}, normal(3, 5), **both)
    batch.case("no_bias", {"num_features": 5, "bias": False}, normal(3, 5), **both)
    batch.case("untracked", {"num_features": 5, "track_running_stats": False}, normal(6, 5), **both)
    batch.case(
        "untracked3",
        {"num_features": 3, "track_running_stats": False, "affine": False},
        normal(2, 3, 5),
        tolerance="each",
        train=True,
    )
    batch.case("one", {"num_features": 1}, normal(1, 1), **wide)
    batch.double("double", {"num_features": 5}, normal(3, 5), **both)
    batch.case("dynamic", {"num_features": 7}, normal(4, 7), shapes=[("input", ["n", 7])], **both)
    batch.case("dynamic3", {"num_features": 7}, normal(4, 7, 3), shapes=[("input", ["n", 7, "l"])], **both).save()

    for name, shape in (("BatchNorm2d", (2, 3, 5, 4)), ("BatchNorm3d", (2, 3, 2, 5, 4))):
        Module(name).case("default", {"num_features": 3}, normal(*shape), **both).save()

    drop = Module("Dropout").case("default", {}, normal(3, 5)).case("p", {"p": 0.3, "inplace": True}, normal(2, 1, 7))
    drop.case("all", {"p": 1.0}, normal(4)).case("none", {"p": 0}, normal(4)).case(
        "dynamic", {}, normal(3, 5), shapes=[("input", ["n", 5])]
    ).save()


def distances():
    pair = ("x1", "x2")
    cosine = Module("CosineSimilarity").case("default", {}, normal(3, 5), normal(3, 5), names=pair)
    cosine.case("middle", {"dim": 1}, normal(2, 7, 3), normal(2, 7, 3), names=pair).case(
        "last", {"dim": -1}, normal(2, 3, 67), normal(2, 3, 67), names=pair
    )
    cosine.case("first", {"dim": 0, "eps": 0.5}, normal(5), normal(5), names=pair)
    cosine.case("broadcast", {"dim": -1}, normal(4, 5), normal(1, 5), names=pair)
    cosine.case("eps", {"eps": 10.0}, normal(3, 5), normal(3, 5), names=pair)
    zero = torch.tensor([[0.0, 0, 0], [1, 2, 3], [math.inf, 1, 2], [math.nan, 1, 2], [1e-20, 0, 0]])
    cosine.case("special", {}, zero, zero.flip(1), names=pair, tolerance="each", constant="all")
    zero = torch.tensor([[0.0, 0, 0], [1, 2, 3], [1e-3, 1e-20, 0]])
    cosine.case("zeros", {}, zero, zero.flip(1), names=pair, tolerance="each")
    cosine.case(
        "dynamic", {}, normal(7, 5), normal(7, 5), names=pair, shapes=[("x1", ["n", 5]), ("x2", ["n", 5])]
    ).save()
    pairwise = Module("PairwiseDistance").case("default", {}, normal(3, 5), normal(3, 5), names=pair)
    for i, given in enumerate(
        ({"p": 1}, {"p": 3.0, "eps": 1e-3}, {"p": math.inf}, {"keepdim": True}, {"p": 2.5, "keepdim": True})
    ):
        pairwise.case(f"arguments{i}", given, normal(4, 7), normal(4, 7), names=pair)
    for i, p in enumerate((1, 2, 0.5, 1.5, 3, math.inf)):
        given = {"p": p, "eps": 0}
        pairwise.case(f"zeros{i}", given, zero, torch.tensor([[0.0, 0, 0], [1, 0, 3], [0, 0, 0]]), names=pair)
    pairwise.case("vector", {}, normal(5), normal(5), names=pair)
    pairwise.case(
        "dynamic", {}, normal(7, 5), normal(7, 5), names=pair, shapes=[("x1", ["n", 5]), ("x2", ["n", 5])]
    ).save()


def attention():
    three = ("query", "key", "value")
    masked = (*three, "key_padding_mask", "attn_mask")
    module = Module("MultiheadAttention")
    given = {"embed_dim": 6, "num_heads": 2}
    rows = lambda *sizes: [normal(*size, 6) for size in sizes]
    module.case("default", given, *rows((5, 2), (7, 2), (7, 2)), names=three)
    module.case("first", {**given, "batch_first": True, "bias": False}, *rows((2, 5), (2, 7), (2, 7)), names=three)
    wide = [normal(5, 2, 6), normal(7, 2, 3), normal(7, 2, 4)]
    module.case("sizes", {**given, "kdim": 3, "vdim": 4}, *wide, names=three)
    module.case("one", given, *rows((5,), (7,), (7,)), names=three)
    padding, causal = torch.tensor([[False] * 4 + [True] * 3, [False] * 7]), normal(5, 7) > 1
    both = {**given, "add_bias_kv": True, "add_zero_attn": True}
    for label, more in (("plain", given), ("more", both)):
        inputs = rows((5, 2), (7, 2), (7, 2))
        module.case(f"masked_{label}", more, *inputs, padding, causal, names=masked)
        module.case(f"added_{label}", more, *inputs, -9.0 * padding, normal(4, 5, 7), names=masked)
        module.case(f"one_{label}", more, *rows((5,), (7,), (7,)), padding[0], normal(2, 5, 7) > 1, names=masked)
    shapes = [("query", ["l", "n", 6]), ("key", ["s", "n", 6]), ("value", ["s", "n", 6])]
    module.case("dynamic", given, *rows((5, 2), (7, 2), (7, 2)), names=three, shapes=shapes).save()


if __name__ == "__main__":
    for folder in (HERE / "nn", HERE.parent / "nn"):
        folder.mkdir(parents=True, exist_ok=True)
    for family in (activations, softmaxes, linears, shapes, embeddings, norms, distances, attention):
        family()
