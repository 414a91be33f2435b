"""Writes golden files: what PyTorch gives for a module, case by case. Needs torch and safetensors from PyPI."""

import inspect
import pathlib
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def flat(value):
    if value is None:
        return []
    return [value] if torch.is_tensor(value) else [t for v in value for t in flat(v)]


def run(module, inputs):
    """By name where forward has these names; twins of models take theirs in order."""
    given = {name: t.clone() for name, t in inputs.items()}
    named = set(given) <= set(inspect.signature(module.forward).parameters)
    return module(**given) if named else module(*given.values())


def numbered(name, tensors):
    return dict(zip([name] if len(tensors) == 1 else [f"{name}.{i}" for i in range(len(tensors))], tensors))


class Golden:
    def __init__(self):
        self.tensors, self.metadata = {}, {}

    def put(self, case, kind, named):
        for name, tensor in named.items():
            self.tensors[f"{case}/{kind}/{name}"] = tensor.detach().to_dense().clone().contiguous()

    def add(
        self,
        case,
        make,
        inputs,
        call=None,
        prepare=None,
        tolerance=None,
        flags=None,
        near=None,
        constant=None,
        train=False,
    ):
        """make() builds the module; prepare(module) changes its state after that; call gives what forward is given;
        constant names an input for which PyTorch has no gradient, or is `all`; train: as training mode has it, too."""
        torch.manual_seed(0)
        module = make()
        self.metadata[f"{case}/repr"] = repr(module)
        for name, text in (("tolerance", tolerance), ("flags", flags), ("near", near), ("constant", constant)):
            if text:
                self.metadata[f"{case}/{name}"] = text
        self.put(case, "init", module.state_dict())
        if prepare:
            prepare(module)
            self.put(case, "weights", module.state_dict())
        self.put(case, "inputs", inputs)
        with torch.no_grad():
            outputs = flat(module.eval()(*call) if call else run(module.eval(), inputs))
        self.put(case, "outputs", numbered("output", outputs))
        if constant != "all" and call is None:
            self.differentiate(case, "gradients", module, inputs, constant)
            if train:
                self.differentiate(case, "trained", module.train(), inputs, constant)

    def differentiate(self, case, kind, module, inputs, constant):
        """What `run --compute=gradients` gives, for a random gradient of the outputs."""
        given = {
            name: t.clone().requires_grad_(t.is_floating_point() and name != constant) for name, t in inputs.items()
        }
        before = {name: t.clone() for name, t in module.named_buffers()}
        for inner in module.modules():  # PyTorch differentiates some in-place functions otherwise, or not at all
            inner.inplace = False
        outputs = flat(run(module, given))
        wanted = {f"grad_input.{name}": t for name, t in given.items() if t.requires_grad}
        wanted |= {f"grad.{name}": p for name, p in module.named_parameters() if p.requires_grad}
        through = [t for t in outputs if t.requires_grad]
        if len(through) < len(outputs) or not wanted:
            return
        random = torch.Generator().manual_seed(2)
        cotangents = [torch.randn(t.shape, generator=random, dtype=t.dtype) for t in outputs]
        found = torch.autograd.grad(outputs, list(wanted.values()), cotangents, allow_unused=True)
        self.put(case, "cotangents", numbered("grad_output", cotangents))
        named = {name: torch.zeros_like(t) if g is None else g for (name, t), g in zip(wanted.items(), found)}
        changed = {f"buffer.{name}": t for name, t in module.named_buffers() if not torch.equal(t, before[name])}
        self.put(case, kind, numbered("output", outputs) | named | changed)

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
            tensor.copy_(normal(*tensor.shape).abs() + 0.5 if name.endswith("running_var") else normal(*tensor.shape))
