#!/usr/bin/env python3
"""Writes test/nn/optimizers.test, test/nn/schedules.test and their golden values from torch.optim: a small network
trained on batches of five rows, in order, over and over (see check_train.py)."""

import torch
from safetensors.torch import save_file
from torch import nn

from golden import HERE, normal
from make_nn import yaml

BATCH, ROWS = 5, 100
MODEL = "{layers: [{Linear: {in_features: 3, out_features: 2}}, Tanh, {Linear: {in_features: 2, out_features: 1}}]}"
ADAM = (
    {"amsgrad": True},
    {"maximize": True},
    {"weight_decay": 0.1},
    {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True},
)
DECOUPLED = {"weight_decay": 0.1, "decoupled_weight_decay": True}
OPTIMIZERS = {
    "SGD": (
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"momentum": 0.5, "nesterov": True, "weight_decay": 0.01, "maximize": True},
        {"lr": 0.1, "weight_decay": 0.1},
        {"lr": 0.01, "maximize": True},
    ),
    "Adam": (*ADAM, DECOUPLED, {"lr": 0.1}),
    "AdamW": (*ADAM, {"lr": 0.1, "weight_decay": 0}),
    "NAdam": (
        {"lr": 0.1, "momentum_decay": 0.1},
        {"maximize": True},
        {"weight_decay": 0.1, "betas": (0.5, 0.9)},
        DECOUPLED,
    ),
    "RAdam": ({"lr": 0.1}, {"betas": (0.8, 0.9), "eps": 1e-3}, {"weight_decay": 0.1, "maximize": True}, DECOUPLED),
    "Adamax": ({"lr": 0.1}, {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}, {"maximize": True}),
    "Adagrad": (
        {"lr": 0.1, "lr_decay": 0.1},
        {"initial_accumulator_value": 0.5, "weight_decay": 0.1},
        {"eps": 1e-2, "maximize": True},
    ),
    "Adadelta": ({"lr": 0.5}, {"rho": 0.5, "eps": 1e-2, "weight_decay": 0.1}, {"maximize": True}),
    "RMSprop": (
        {"centered": True},
        {"momentum": 0.9, "lr": 1e-3},
        {"alpha": 0.5, "eps": 1e-2, "weight_decay": 0.1, "momentum": 0.5, "centered": True},
        {"maximize": True},
    ),
    "Rprop": ({"lr": 0.1}, {"etas": (0.3, 1.5), "step_sizes": (0.02, 0.2)}, {"maximize": True}),
    "ASGD": (
        {"lr": 0.1, "t0": 5.0},
        {"lr": 0.1, "lambd": 0.1, "alpha": 0.3, "weight_decay": 0.1},
        {"maximize": True},
    ),
}
CYCLIC = {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 7}
ONE = {"max_lr": 0.1, "total_steps": 64}
SCHEDULES = (
    {"StepLR": {"step_size": 10}},
    {"StepLR": {"step_size": 7, "gamma": 0.5}},
    {"MultiStepLR": {"milestones": [10, 30, 30]}},
    {"MultiStepLR": {"milestones": [40, 5], "gamma": 0.5}},
    {"ConstantLR": {}},
    {"ConstantLR": {"factor": 0.5, "total_iters": 20}},
    {"LinearLR": {}},
    {"LinearLR": {"start_factor": 0.2, "end_factor": 0.7, "total_iters": 30}},
    {"ExponentialLR": {"gamma": 0.95}},
    {"PolynomialLR": {"total_iters": 50}},
    {"PolynomialLR": {"total_iters": 40, "power": 2.5}},
    {"CosineAnnealingLR": {"T_max": 64}},
    {"CosineAnnealingLR": {"T_max": 50, "eta_min": 0.01}},
    {"CosineAnnealingWarmRestarts": {"T_0": 7}},
    {"CosineAnnealingWarmRestarts": {"T_0": 5, "T_mult": 2, "eta_min": 0.01}},
    {"CyclicLR": CYCLIC},
    {"CyclicLR": {**CYCLIC, "step_size_down": 12, "mode": "triangular2"}},
    {"CyclicLR": {**CYCLIC, "mode": "exp_range", "gamma": 0.97, "cycle_momentum": False}},
    {"OneCycleLR": ONE},
    {"OneCycleLR": {**ONE, "three_phase": True, "anneal_strategy": "linear"}},
    {"OneCycleLR": {"max_lr": 0.1, "epochs": 8, "steps_per_epoch": 8, "cycle_momentum": False, "pct_start": 0.25}},
    {
        "SequentialLR": {
            "schedulers": [
                {"LinearLR": {"start_factor": 0.1, "total_iters": 10}},
                {"CosineAnnealingLR": {"T_max": 54}},
            ],
            "milestones": [10],
        }
    },
    {
        "SequentialLR": {
            "schedulers": [{"ConstantLR": {}}, {"ExponentialLR": {"gamma": 0.9}}, {"StepLR": {"step_size": 5}}],
            "milestones": [10, 30],
        }
    },
    {
        "ChainedScheduler": {
            "schedulers": [{"LinearLR": {"start_factor": 0.1, "total_iters": 10}}, {"StepLR": {"step_size": 20}}]
        }
    },
)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))


def make_schedule(optimizer, given):
    ((name, arguments),) = given.items()
    make = getattr(torch.optim.lr_scheduler, name)
    if "schedulers" not in arguments:
        return make(optimizer, **arguments)
    inner = [make_schedule(optimizer, one) for one in arguments["schedulers"]]
    return make(optimizer, inner, arguments["milestones"]) if "milestones" in arguments else make(inner, optimizer)


class Runs:
    def __init__(self, name, steps, title):
        self.name, self.steps, self.tensors = name, steps, {}
        self.lines = [
            f"# RUN: %python %golden/check_train.py --work %t --steps {steps} %s %golden/{name}.safetensors",
            f"# Written by test/golden/make_optim.py: case | {title}",
            f"# model | {MODEL}",
        ]
        x = normal(ROWS, 3)
        y = torch.sin(x.sum(1, keepdim=True)) + 0.1 * normal(ROWS, 1)
        self.tensors |= {"data/x": x, "data/y": y}
        self.tensors |= {f"weights/{key}": t.clone() for key, t in network().state_dict().items()}

    def train(self, case, optimizer, schedule, line):
        model = network()
        make = getattr(torch.optim, optimizer[0])
        optimizer = make(model.parameters(), **optimizer[1])
        schedule = make_schedule(optimizer, schedule) if schedule else None
        losses, rates = [], []
        for step in range(self.steps):
            rows = slice(step * BATCH % ROWS, step * BATCH % ROWS + BATCH)
            loss = nn.functional.mse_loss(model(self.tensors["data/x"][rows]), self.tensors["data/y"][rows])
            optimizer.zero_grad()
            loss.backward()
            losses.append(loss.detach())
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if schedule:
                schedule.step()
        self.tensors |= {f"{case}/parameters/{key}": t.clone() for key, t in model.state_dict().items()}
        self.tensors |= {f"{case}/loss": torch.stack(losses), f"{case}/lr": torch.tensor(rates, dtype=torch.float64)}
        self.lines.append(f"{case} | {line}")

    def save(self):
        save_file(self.tensors, HERE / f"{self.name}.safetensors")
        (HERE.parent / "nn" / f"{self.name}.test").write_text("\n".join(self.lines) + "\n")


if __name__ == "__main__":
    runs = Runs("optimizers", 20, "optimizer")
    for name, variants in OPTIMIZERS.items():
        for i, given in enumerate(({}, *variants)):
            runs.train(f"{name}{i}", (name, given), None, f"optimizer: {yaml({name: given}) if given else name}")
    runs.save()
    runs = Runs("schedules", 64, "optimizer, schedule")
    sgd = {"lr": 0.1, "momentum": 0.9}
    for i, given in enumerate(SCHEDULES):
        runs.train(f"case{i}", ("SGD", sgd), given, f"optimizer: {yaml({'SGD': sgd})} | schedule: {yaml(given)}")
    for i, optimizer in enumerate(("Adam", "RMSprop", "NAdam", "Rprop", "ASGD")):
        lr = {"lr": 0.1}
        given = {"LinearLR": {"start_factor": 0.1, "total_iters": 30}}
        runs.train(f"other{i}", (optimizer, lr), given, f"optimizer: {yaml({optimizer: lr})} | schedule: {yaml(given)}")
    given = {"OneCycleLR": ONE}
    runs.train("betas", ("Adam", {}), given, f"optimizer: Adam | schedule: {yaml(given)}")
    runs.save()
