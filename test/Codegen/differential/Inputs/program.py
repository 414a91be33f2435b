# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of rune primitives: sizes, values, instructions, and their text."""
from dataclasses import dataclass, field


class Dim:
    """A polynomial over symbols; an atom of floordiv or mod is a symbol whose name is its text."""

    def __init__(self, value=0):
        if isinstance(value, dict):
            self.terms = {k: v for k, v in value.items() if v != 0}
        else:
            self.terms = {(): value} if value else {}

    @staticmethod
    def symbol(name):
        return Dim({(name,): 1})

    def __add__(self, other):
        terms = dict(self.terms)
        for k, v in dim(other).terms.items():
            terms[k] = terms.get(k, 0) + v
        return Dim(terms)

    def __mul__(self, other):
        terms = {}
        for a, x in self.terms.items():
            for b, y in dim(other).terms.items():
                k = tuple(sorted(a + b))
                terms[k] = terms.get(k, 0) + x * y
        return Dim(terms)

    def __sub__(self, other):
        return self + dim(other) * Dim(-1)

    def __eq__(self, other):
        return self.terms == dim(other).terms

    def __hash__(self):
        return hash(str(self))

    @property
    def constant(self):
        """The value, or None where it depends on a symbol."""
        if not self.terms:
            return 0
        return self.terms[()] if set(self.terms) == {()} else None

    def eval(self, symbols):
        return evaluate(str(self), symbols)

    def __str__(self):
        text = " + ".join("*".join([str(v), *k]) for k, v in sorted(self.terms.items()))
        return text.replace("+ -", "- ") or "0"


def dim(value):
    return value if isinstance(value, Dim) else Dim(value)


def evaluate(text, symbols):
    """The value of a polynomial as the dialect writes it."""
    return eval(text.replace("floordiv", "//").replace("mod", "%"), {}, dict(symbols))


def product(dims):
    result = Dim(1)
    for d in dims:
        result = result * d
    return result


def dims_text(dims):
    return "<[" + ", ".join(str(d) if d.constant is not None else f'"{d}"' for d in dims) + "]>"


def type_text(shape, dtype):
    sizes = "".join(f"{'?' if d.constant is None else d.constant}x" for d in shape)
    dynamic = any(d.constant is None for d in shape)
    return f"tensor<{sizes}{dtype}{', #rune.dims' + dims_text(shape) if dynamic else ''}>"


@dataclass(eq=False)
class Value:
    name: str
    shape: list
    dtype: str
    exact: bool = True  # every element is a small multiple of `step`, whatever order it was computed in
    bound: float = 4.0  # no finite element is larger
    step: float = 1.0
    last: bool = False  # not to be computed with: only returned

    @property
    def type(self):
        return type_text(self.shape, self.dtype)

    @property
    def guide(self):
        """What a comparison must allow, as an attribute."""
        if self.exact or self.dtype not in ("f32", "f64"):
            return ""
        tolerance = (2e-5 if self.dtype == "f32" else 2e-13) * max(self.bound, 1.0)
        return f" {{differential.tolerance = {tolerance:.6e} : f64}}"

    @property
    def rank(self):
        return len(self.shape)


@dataclass(eq=False)
class Instruction:
    op: str
    result: Value
    operands: list = field(default_factory=list)
    attributes: dict = field(default_factory=dict)

    def text(self):
        a, xs = self.attributes, self.operands
        names = ", ".join(x.name for x in xs)
        types = ", ".join(x.type for x in xs)
        head = f"{self.result.name} = rune.{self.op} "
        if self.op == "grad":
            return f"{head}{xs[0].name} by {xs[1].name} : {xs[0].type} by {xs[1].type} -> {xs[1].type}"
        if self.op == "get":
            return f"{head}@{a['member']} : {self.result.type}"
        if self.op == "constant":
            return f"{head}dense<{literal(a['value'], self.result)}> : {self.result.type}"
        if self.op == "iota":
            return f"{head}{dims_text(self.result.shape)}"
        if self.op == "dim":
            return f"{head}{dims_text([a['dim']])} : tensor<i64>"
        if self.op in ("reshape", "broadcast"):
            return f"{head}{names} : {types} to {self.result.type}"
        if self.op == "transpose":
            return f"{head}{names} {a['permutation']} : {types}"
        if self.op == "slice":
            return (f"{head}{names} from {dims_text(a['starts'])} size {dims_text(a['sizes'])} step {a['steps']}"
                    f" : {types}")
        if self.op == "pad":
            return f"{head}{names} low {dims_text(a['low'])} high {dims_text(a['high'])} : {types}"
        if self.op in ("concat", "gather", "argmax"):
            return f"{head}{names} dim {a['dim']} : {types}"
        if self.op in ("reduce_sum", "reduce_max"):
            return f"{head}{names} {a['dims']} : {types}"
        if self.op == "matmul":
            return f"{head}{names} : {types}"
        if self.op == "compare":
            return f"{head}{a['predicate']} {names} : {xs[0].type}"
        if self.op == "select":
            return f"{head}{names} : {xs[0].type}, {xs[1].type}"
        if self.op == "cast":
            return f"{head}{names} to {self.result.dtype} : {types}"
        return f"{head}{names} : {xs[0].type}"


def literal(value, result):
    def scalar(x):
        if result.dtype == "i1":
            return "true" if x else "false"
        if result.dtype == "i64":
            return str(x)
        return repr(float(x)) if "e" not in repr(float(x)) else f"{x:.20e}"

    def nested(shape, flat):
        if not shape:
            return scalar(flat[0])
        count = len(flat) // shape[0]
        return "[" + ", ".join(nested(shape[1:], flat[i * count:(i + 1) * count]) for i in range(shape[0])) + "]"

    shape = [d.constant for d in result.shape]
    if len(value) == 0:
        return ""
    return scalar(value[0]) if len(set(map(repr, value))) == 1 else nested(shape, value)


@dataclass(eq=False)
class Program:
    name: str
    symbols: list = field(default_factory=list)
    inputs: list = field(default_factory=list)  # Values
    index_sizes: dict = field(default_factory=dict)  # input name -> size that its elements are indices below
    members: dict = field(default_factory=dict)  # name -> Value
    body: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    gradients: list = field(default_factory=list)  # inputs by which the last outputs are gradients of the first
    rowwise: bool = False  # dimension 0, `b`, of every input and output is a batch: rows do not meet

    def member_text(self):
        return "".join(f"  rune.parameter @{name} : {value.type}\n" for name, value in self.members.items())

    def argument_text(self, value):
        below = self.index_sizes.get(value.name)
        guide = f" {{differential.below = #rune.dims{dims_text([below])}}}" if below is not None else ""
        return f"{value.name}: {value.type}{guide}"

    def text(self):
        arguments = ", ".join(self.argument_text(v) for v in self.inputs)
        results = ", ".join(v.type + v.guide for v in self.outputs)
        symbols = ", ".join(f'"{s}"' for s in self.symbols)
        rows = ", differential.rows" if self.rowwise else ""
        if self.gradients:
            rows = f", differential.gradients = {[self.inputs.index(v) for v in self.gradients]}"
        lines = [f"  func.func @{self.name}({arguments}) -> ({results}) attributes "
                 f"{{rune.entry, rune.symbols = [{symbols}]{rows}}} {{"]
        lines += ["    " + instruction.text() for instruction in self.body]
        lines += [f"    return {', '.join(v.name for v in self.outputs)} : {', '.join(v.type for v in self.outputs)}",
                  "  }", ""]
        return "\n".join(lines)


def module_text(programs, dtype="f32"):
    members = "".join(p.member_text() for p in programs)
    return (f'rune.module @Net dtype {dtype} {{\n  rune.submodule @"." type "Net"\n{members}'
            + "".join(p.text() for p in programs) + "}\n")

