#!/usr/bin/env python3
"""Writes test/nn/LOSS.test and test/golden/nn/LOSS.safetensors for the losses of specs/nn, from torch.nn."""

import math
import torch
from torch import nn

from golden import HERE, integers, normal
from make_nn import Module

PAIR = ("input", "target")
REDUCTIONS = ({}, {"reduction": "sum"}, {"reduction": "none"})
WEIGHT = [1.0, 2.0, 0.5, 0.7]


class Loss(Module):
    """A module whose weights are given as lists."""

    def make(self, arguments):
        tensors = {
            name: torch.tensor(value)
            for name, value in arguments.items()
            if name in ("weight", "pos_weight") and value is not None
        }
        return getattr(nn, self.name)(**{**arguments, **tensors})

    def each(self, names, makers, *arguments, label="case", **options):
        """Each set of arguments, on inputs made anew."""
        for i, given in enumerate(arguments):
            self.case(f"{label}{i}", given, *[make() for make in makers], names=names, **options)
        return self


def unit(*shape):
    return torch.sigmoid(normal(*shape))


def signs(*shape):
    return normal(*shape).sign()


def bits(*shape):
    return (normal(*shape) > 0).float()


def grid(*values):
    """Every pair of the values."""
    pairs = torch.cartesian_prod(torch.tensor(values), torch.tensor(values))
    return pairs[:, 0].clone(), pairs[:, 1].clone()


def regression():
    extremes = grid(0.0, 0.5, -0.5, 1.0, -1.0, 2.0, 1e-30, 1e10)
    for name, more in (
        ("L1Loss", ()),
        ("MSELoss", ()),
        ("SmoothL1Loss", ({"beta": 0.5}, {"beta": 0, "reduction": "sum"}, {"beta": 2.5, "reduction": "none"})),
        ("HuberLoss", ({"delta": 0.5}, {"delta": 2.5, "reduction": "none"})),
    ):
        loss = Loss(name)
        loss.each(PAIR, (lambda: normal(2, 3, 5), lambda: normal(2, 3, 5)), *REDUCTIONS, *more)
        loss.each(PAIR, (lambda: normal(), lambda: normal()), *REDUCTIONS, label="scalar")
        loss.case("kinks", {"reduction": "none"}, *extremes, names=PAIR, tolerance="each")
        loss.case("broadcast", {}, normal(3, 5), normal(3, 1), names=PAIR)
        if name in ("L1Loss", "MSELoss"):
            loss.case("integers", {}, normal(3, 5), integers(-2, 3, 3, 5), names=PAIR)
        loss.case("dynamic", {}, normal(3, 5), normal(3, 5), names=PAIR, shapes=[(name, ["n", 5]) for name in PAIR])
        infinite = torch.tensor([math.inf, -math.inf, 3.0, 0.0]), torch.tensor([1.0, 1.0, math.inf, -math.inf])
        loss.case("infinite", {"reduction": "none"}, *infinite, names=PAIR)
        loss.double("double", {}, normal(7), normal(7), names=PAIR).save()


def classes():
    nll = Loss("NLLLoss")
    makers = lambda *shape: (
        lambda: normal(2, 4, *shape).log_softmax(1),
        lambda: integers(0, 4, 2, *shape),
    )
    sets = (*REDUCTIONS, {"ignore_index": 2}, {"weight": WEIGHT}, {"weight": WEIGHT, "ignore_index": 2})
    sets += ({"weight": WEIGHT, "ignore_index": -1, "reduction": "sum"}, {"weight": WEIGHT, "reduction": "none"})
    for label, shape in (("rows", ()), ("sequence", (5,)), ("image", (3, 5))):
        nll.each(PAIR, makers(*shape), *sets, label=label)
    nll.case("vector", {}, normal(5), torch.tensor(3), names=PAIR)
    nll.case("vector_weight", {"weight": WEIGHT}, normal(4), torch.tensor(2), names=PAIR)
    nll.case("ignored", {"reduction": "sum"}, normal(2, 3), torch.tensor([-100, -100]), names=PAIR)
    nll.case("none_left", {}, normal(2, 3), torch.tensor([-100, -100]), names=PAIR)
    infinite = torch.tensor([[-math.inf, 0.0], [-1.0, -2.0]])
    nll.case("infinite", {"reduction": "none", "ignore_index": 0}, infinite, torch.tensor([0, 1]), names=PAIR)
    nll.double("double", {}, normal(5, 3).log_softmax(1), integers(0, 3, 5), names=PAIR)
    shapes = [("input", ["n", 4]), ("target", ["n"])]
    nll.case("dynamic", {"weight": WEIGHT}, normal(7, 4), integers(0, 4, 7), names=PAIR, shapes=shapes).save()

    planes = Loss("NLLLoss2d")
    planes.case("default", {"weight": WEIGHT}, normal(2, 4, 3, 2), integers(0, 4, 2, 3, 2), names=PAIR).save()

    cross = Loss("CrossEntropyLoss")
    sets = tuple(
        {**reduction, **given}
        for reduction in REDUCTIONS
        for given in (
            {},
            {"weight": WEIGHT},
            {"ignore_index": 1},
            {"label_smoothing": 0.15},
            {"label_smoothing": 0.15, "weight": WEIGHT, "ignore_index": 1},
        )
    )
    logits = lambda *shape: lambda: normal(2, 4, *shape, scale=3)
    for label, shape in (("rows", ()), ("image", (3, 5))):
        cross.each(PAIR, (logits(*shape), lambda: integers(0, 4, 2, *shape)), *sets, label=label)
    cross.case("sequence", {"weight": WEIGHT}, normal(2, 4, 5), integers(0, 4, 2, 5), names=PAIR)
    cross.case("volume", {}, normal(2, 4, 3, 1, 2), integers(0, 4, 2, 3, 1, 2), names=PAIR)
    chances = lambda: normal(2, 4, 3).softmax(1)
    without = [given for given in sets if "ignore_index" not in given]
    without += [{**r, "label_smoothing": 0.15, "weight": WEIGHT} for r in REDUCTIONS]
    cross.each(PAIR, (logits(3), chances), *without, label="chances")
    cross.case("chances_row", {"label_smoothing": 0.1}, normal(4), normal(4).softmax(0), names=PAIR)
    cross.case("vector", {}, normal(5), torch.tensor(3), names=PAIR)
    cross.case("vector_smooth", {"label_smoothing": 0.1, "weight": WEIGHT}, normal(4), torch.tensor(2), names=PAIR)
    large = torch.tensor([[200.0, -200, 0], [1e10, -1e10, 1], [-1e30, 1e30, 0], [5, -math.inf, 5], [1, 1, 1]])
    wanted = torch.tensor([1, 1, 0, 2, 0])
    cross.case("large", {"reduction": "none"}, large, wanted, names=PAIR, tolerance="each")
    cross.case("certain", {"reduction": "none"}, large, torch.tensor([1, 1, 0, 1, 0]), names=PAIR, tolerance="each")
    cross.case("one", {}, normal(3, 1), torch.zeros(3, dtype=torch.int64), names=PAIR)
    cross.case("many", {}, normal(2, 300), integers(0, 300, 2), names=PAIR)
    cross.double("double", {"label_smoothing": 0.1}, normal(5, 3), integers(0, 3, 5), names=PAIR)
    shapes = [("input", ["n", 10]), ("target", ["n"])]
    cross.case("dynamic", {}, normal(7, 10), integers(0, 10, 7), names=PAIR, shapes=shapes)
    shapes = [("input", ["n", 4, "l"]), ("target", ["n", "l"])]
    cross.case("dynamic3", {"weight": WEIGHT}, normal(3, 4, 5), integers(0, 4, 3, 5), names=PAIR, shapes=shapes).save()

    linear = Loss("LinearCrossEntropyLoss")
    given = {"in_features": 5, "num_classes": 4}
    rows = (lambda: normal(3, 5), lambda: integers(0, 4, 3))
    more = ({"bias": True, "weight": WEIGHT}, {"ignore_index": 1, "label_smoothing": 0.1})
    linear.each(PAIR, rows, *[{**given, **r} for r in (*REDUCTIONS, *more)])
    wide = {**given, "out_features": (2, 3), "bias": True}
    linear.case("wide", wide, normal(3, 5), integers(0, 4, 3, 2, 3), names=PAIR)
    linear.case("vector", given, normal(5), torch.tensor(1), names=PAIR)
    linear.case("chances", {**given, "label_smoothing": 0.2}, normal(3, 5), normal(3, 4).softmax(1), names=PAIR).save()


def margins():
    hinge = Loss("HingeEmbeddingLoss")
    hinge.each(PAIR, (lambda: normal(11), lambda: signs(11)), *REDUCTIONS, {"margin": 0.5})
    hinge.each(PAIR, (lambda: normal(), lambda: signs()), *REDUCTIONS, label="scalar")
    kinks = torch.tensor([1.0, 1.0, 0.0, 0.0, 0.5, 0.5, 3.0]), torch.tensor([1.0, -1, 1, -1, 0, -1, 0])
    hinge.case("kinks", {"reduction": "none"}, *kinks, names=PAIR).save()

    multi = Loss("MultiMarginLoss")
    weight = [1.5, -0.5, 2.0, 0.25, 1.0]
    sets = (*REDUCTIONS, {"p": 2}, {"margin": 0.5}, {"weight": weight}, {"p": 2, "weight": weight, "reduction": "none"})
    multi.each(PAIR, (lambda: normal(3, 5), lambda: integers(0, 5, 3)), *sets)
    multi.case("vector", {}, normal(5), torch.tensor(2), names=PAIR)
    multi.case("vector1", {"p": 2}, normal(5), torch.tensor([2]), names=PAIR)
    ties = torch.tensor([[0.0, 1.0, 0.0], [1.0, 2.0, 3.0]])
    multi.case("kinks", {"reduction": "none"}, ties, torch.tensor([1, 1]), names=PAIR)
    shapes = [("input", ["n", 5]), ("target", ["n"])]
    multi.case("dynamic", {"weight": weight}, normal(7, 5), integers(0, 5, 7), names=PAIR, shapes=shapes).save()

    labels = Loss("MultiLabelMarginLoss")
    labels.each(PAIR, (lambda: normal(3, 7), lambda: integers(0, 7, 3, 7)), *REDUCTIONS)
    labels.each(PAIR, (lambda: normal(7), lambda: integers(-1, 7, 7)), *REDUCTIONS, label="vector")
    some = torch.tensor([[3, 0, -1, 1], [0, -1, 2, -1], [-1, 0, 1, 2], [2, 2, 0, -1]])
    labels.case("ends", {"reduction": "none"}, normal(4, 4), some, names=PAIR)
    labels.case("kinks", {}, torch.tensor([0.0, 1.0, 2.0, 0.0]), torch.tensor([1, 2, -1, 0]), names=PAIR)
    shapes = [(name, ["n", 5]) for name in PAIR]
    labels.case("dynamic", {}, normal(3, 5), integers(-1, 5, 3, 5), names=PAIR, shapes=shapes).save()

    soft = Loss("MultiLabelSoftMarginLoss")
    sets = (*REDUCTIONS, {"weight": WEIGHT}, {"weight": WEIGHT, "reduction": "none"})
    soft.each(PAIR, (lambda: normal(3, 4, scale=3), lambda: bits(3, 4)), *sets)
    soft.case("integers", {}, normal(3, 4), integers(0, 2, 3, 4), names=PAIR)
    soft.case("large", {"reduction": "none"}, normal(5, 4, scale=100), bits(5, 4), names=PAIR)
    soft.case("sequence", {}, normal(2, 3, 4), bits(2, 3, 4), names=PAIR).save()

    soft = Loss("SoftMarginLoss")
    soft.each(PAIR, (lambda: normal(3, 5, scale=3), lambda: signs(3, 5)), *REDUCTIONS, constant="target")
    soft.case("scalar", {}, normal(), signs(), names=PAIR, constant="target")
    large = torch.tensor([0.0, -0.0, 80.0, -80.0, 30.0, -30.0]), torch.tensor([1.0, -1, 1, 1, -1, 1])
    soft.case("large", {"reduction": "none"}, *large, names=PAIR, tolerance="each", constant="target").save()


def pairs():
    names = ("input1", "input2", "target")
    ranking = Loss("MarginRankingLoss")
    ranking.each(names, (lambda: normal(7), lambda: normal(7), lambda: signs(7)), *REDUCTIONS, {"margin": 0.5})
    ranking.case("integers", {}, normal(5), normal(5), signs(5).long(), names=names)
    equal = torch.tensor([1.0, 2.0, 0.5])
    ranking.case("kinks", {"reduction": "none"}, equal, equal.clone(), signs(3), names=names).save()

    cosine = Loss("CosineEmbeddingLoss")
    rows = (lambda: normal(5, 3), lambda: normal(5, 3), lambda: signs(5))
    cosine.each(names, rows, *REDUCTIONS, {"margin": 0.7}, {"margin": -0.2, "reduction": "none"})
    cosine.case("vector", {}, normal(4), normal(4), torch.tensor(-1.0), names=names)
    zeros = torch.tensor([[0.0, 0, 0], [1, 2, 3], [1e-7, 0, 0]])
    cosine.case("zeros", {"reduction": "none"}, zeros, zeros.flip(0), torch.tensor([1.0, -1, 1]), names=names)
    cosine.case("integers", {}, normal(4, 3), normal(4, 3), torch.tensor([1, -1, 0, 1]), names=names).save()

    names = ("anchor", "positive", "negative")
    rows = (lambda: normal(5, 3),) * 3
    triplet = Loss("TripletMarginLoss")
    sets = (*REDUCTIONS, {"swap": True}, {"p": 1}, {"p": 3.0, "margin": 0.5}, {"p": math.inf}, {"eps": 0.5})
    triplet.each(names, rows, *sets, {"swap": True, "reduction": "none", "margin": 2.0})
    triplet.case("vector", {}, normal(4), normal(4), normal(4), names=names)
    triplet.case("same", {"eps": 0, "reduction": "none"}, zeros, zeros, zeros.flip(0), names=names)
    triplet.case("dynamic", {}, *[normal(7, 3) for _ in range(3)], names=names, shapes=[(n, ["n", 3]) for n in names])
    triplet.save()
    distance = Loss("TripletMarginWithDistanceLoss")
    distance.each(names, rows, *REDUCTIONS, {"swap": True}, {"margin": 0.5, "swap": True, "reduction": "none"}).save()


def likelihoods():
    poisson = Loss("PoissonNLLLoss")
    names = ("log_input", "target")
    counts = lambda: integers(0, 6, 3, 5).float()
    sets = (*REDUCTIONS, {"full": True}, {"full": True, "reduction": "none"})
    poisson.each(names, (lambda: normal(3, 5), counts), *sets[:3])
    poisson.each(names, (lambda: normal(3, 5), counts), *sets[3:], label="full", constant="target")
    plain = {"log_input": False}
    positive = lambda: normal(3, 5).abs()
    poisson.each(names, (positive, counts), plain, {**plain, "eps": 0.5}, label="plain")
    poisson.case("plain_full", {**plain, "full": True}, positive(), counts(), names=names, constant="target")
    poisson.case("integers", {"full": True}, normal(7), integers(0, 6, 7), names=names).save()

    gauss = Loss("GaussianNLLLoss")
    names = ("input", "target", "var")
    sets = (*REDUCTIONS, {"full": True}, {"eps": 0.5}, {"full": True, "eps": 0.5, "reduction": "none"})
    for label, shape in (("same", (4, 3)), ("rows", (4, 1)), ("columns", (1, 3)), ("flat", (4,))):
        gauss.each(
            names, (lambda: normal(4, 3), lambda: normal(4, 3), lambda: normal(*shape).abs()), *sets, label=label
        )
    var = torch.tensor([0.0, 1e-7, 1e-6, 2e-6, 1.0])
    gauss.case("kinks", {"reduction": "none"}, normal(5, scale=1e-3), normal(5, scale=1e-3), var, names=names).save()

    divergence = Loss("KLDivLoss")
    sets = (*REDUCTIONS, {"reduction": "batchmean"})
    chances = lambda: normal(3, 5).softmax(1)
    divergence.each(PAIR, (lambda: chances().log(), chances), *sets)
    logs = [{**given, "log_target": True} for given in sets]
    divergence.each(PAIR, (lambda: chances().log(), lambda: chances().log()), *logs, label="logs")
    divergence.each(PAIR, (lambda: normal(), lambda: unit()), *sets, *logs, label="scalar")
    divergence.save()


def binary():
    bce = Loss("BCELoss")
    sets = (*REDUCTIONS, {"weight": WEIGHT}, {"weight": WEIGHT, "reduction": "none"})
    bce.each(PAIR, (lambda: unit(3, 4), lambda: bits(3, 4)), *sets)
    bce.each(PAIR, (lambda: unit(3, 4), lambda: unit(3, 4)), *sets, label="soft")
    bce.each(PAIR, (lambda: unit(), lambda: bits()), {}, {"weight": 0.5}, label="scalar")
    inside = grid(0.25, 0.5, 1e-6, 0.99999)
    bce.case("inside", {"reduction": "none"}, *inside, names=PAIR, tolerance="each")
    ends = torch.tensor([0.0, 1.0, 1e-13, 0.0, 1.0]), torch.tensor([0.0, 1, 0, 1, 0])
    bce.case("ends", {"reduction": "none"}, *ends, names=PAIR, constant="target")
    shapes = [(name, ["n", 4]) for name in PAIR]
    bce.case("dynamic", {"weight": WEIGHT}, unit(5, 4), bits(5, 4), names=PAIR, shapes=shapes).save()

    logits = Loss("BCEWithLogitsLoss")
    positive = {"pos_weight": [2.0, 0.5, 1.0, 3.0]}
    sets = (*sets, positive, {**positive, "weight": WEIGHT, "reduction": "none"}, {"weight": 0.5, "pos_weight": 3.0})
    logits.each(PAIR, (lambda: normal(3, 4, scale=3), lambda: unit(3, 4)), *sets)
    logits.each(PAIR, (lambda: normal(), lambda: bits()), {}, {"weight": 0.5}, label="scalar")
    large = torch.tensor([0.0, -0.0, 100.0, -100.0, 1e10, -1e10, 20.0, -20.0])
    for target in (0.0, 0.5, 1.0):
        given = large.clone(), torch.full_like(large, target)
        logits.case(f"large{target}", {"reduction": "none"}, *given, names=PAIR, tolerance="each")
    shapes = [(name, ["n", 4]) for name in PAIR]
    logits.case("dynamic", positive, normal(5, 4), bits(5, 4), names=PAIR, shapes=shapes).save()


if __name__ == "__main__":
    for family in (regression, classes, margins, pairs, likelihoods, binary):
        family()
