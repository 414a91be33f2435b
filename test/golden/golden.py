"""Writes golden files: what PyTorch gives for a module, case by case. Needs torch and safetensors from PyPI."""

import pathlib
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def flat(value):
    if value is None:
        return []
    return [value] if torch.is_tensor(value) else [t for v in value for t in flat(v)]


class Golden:
    def __init__(self):
        self.tensors, self.metadata = {}, {}

    def put(self, case, kind, named):
        for name, tensor in named.items():
            self.tensors[f"{case}/{kind}/{name}"] = tensor.detach().clone().contiguous()

    def add(self, case, make, inputs, call=None, prepare=None, tolerance=None, flags=None, near=None):
        """make() builds the module; prepare(module) changes its state after that; call gives what forward is given."""
        torch.manual_seed(0)
        module = make()
        self.metadata[f"{case}/repr"] = repr(module)
        for name, text in (("tolerance", tolerance), ("flags", flags), ("near", near)):
            if text:
                self.metadata[f"{case}/{name}"] = text
        self.put(case, "init", module.state_dict())
        if prepare:
            prepare(module)
            self.put(case, "weights", module.state_dict())
        self.put(case, "inputs", inputs)
        given = [t.clone() for t in inputs.values()] if call is None else call
        with torch.no_grad():
            outputs = flat(module.eval()(*given))
        names = ["output"] if len(outputs) == 1 else [f"output.{i}" for i in range(len(outputs))]
        self.put(case, "outputs", dict(zip(names, outputs)))

    def save(self, path):
        save_file(self.tensors, path, metadata=self.metadata)


GENERATOR = torch.Generator().manual_seed(1)


def normal(*shape, scale=1.0):
    return torch.randn(shape, generator=GENERATOR) * scale


def integers(low, high, *shape):
    return torch.randint(low, high, shape, generator=GENERATOR)


def scatter(module):
    """Weights and statistics that are no ones and zeros."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(normal(*tensor.shape).abs() + 0.5 if name == "running_var" else normal(*tensor.shape))
