# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a module of random programs: generator.py [--gradients] FIRST LAST, which are seeds. What can jump
(comparisons, floor, argmax, …) reads exact values only, so that results are known bit for bit there and to a tolerance
elsewhere. With --gradients each program gives a loss in f64 and its gradients by the inputs."""
import random
import sys

from program import Dim, Instruction, Program, Value, dim, module_text, product

SIZES = [1, 1, 2, 3, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33]
MOST_ELEMENTS = 3000
EXACT_LIMIT = 2.0**21
SMOOTH = ["tanh", "erf", "sin", "cos"]
JUMPY = ["floor", "round"]
CURVED = ["exp", "expm1", "sqrt", "log", "log1p"]


class Generator:
    def __init__(self, seed, name):
        self.r = random.Random(seed)
        self.program = Program(name)
        self.values = []
        self.float = self.r.choice(["f32", "f32", "f64"])
        self.b, self.n = Dim.symbol("b"), Dim.symbol("n")
        self.curved = 30  # the largest argument of a function that grows quickly
        self.hidden = ["detach"]  # what gradients do not see, and differences do

    #===--- Sizes ---------------------------------------------------------===#

    def size(self):
        roll = self.r.random()
        if roll < 0.2:
            return self.b
        if roll < 0.3:
            return self.n
        if roll < 0.33:
            return Dim(0)
        return Dim(self.r.choice(SIZES))

    def shape(self, rank=None):
        rank = self.r.choice([0, 1, 1, 2, 2, 2, 3, 3, 4]) if rank is None else rank
        while True:
            shape = [self.size() for _ in range(rank)]
            if self.fits(shape):
                return shape

    @staticmethod
    def most(d):
        return dim(d).eval({"b": 17, "n": 9}) if dim(d).constant is None else dim(d).constant

    def fits(self, shape):
        return self.most(product(shape)) <= MOST_ELEMENTS

    #===--- Values --------------------------------------------------------===#

    def fresh(self, shape, dtype, like=None, **changes):
        value = Value(f"%v{len(self.program.body)}", list(shape), dtype)
        if like:
            value.exact, value.bound, value.step = like.exact, like.bound, like.step
        for key, change in changes.items():
            setattr(value, key, change)
        if value.dtype in ("f32", "f64") and value.bound / value.step > EXACT_LIMIT:
            value.exact = False
        return value

    def emit(self, op, operands, result, **attributes):
        self.program.body.append(Instruction(op, result, list(operands), attributes))
        if not result.last:
            self.values.append(result)
        return result

    def input(self, shape=None, dtype=None, below=None):
        dtype = dtype or self.r.choice([self.float] * 4 + ["i64", "i1"])
        shape = self.shape() if shape is None else shape
        value = Value(f"%arg{len(self.program.inputs)}", shape, dtype, step=0.25 if dtype == self.float else 1.0)
        self.program.inputs.append(value)
        if below is not None:
            self.program.index_sizes[value.name] = below
            value.bound = self.most(below)
        self.values.append(value)
        return value

    def member(self, shape):
        name = f"{self.program.name}_w{len(self.program.members)}"
        value = self.fresh(shape, self.float, step=0.25)
        self.program.members[name] = value
        return self.emit("get", [], value, member=name)

    def constant(self, shape, dtype, low=-4):
        shape = [Dim(d) for d in shape]
        total = product(shape).constant
        splat = self.r.random() < 0.5
        draw = (lambda: self.r.randint(0, 1)) if dtype == "i1" else (
            (lambda: self.r.choice([x for x in range(low, 5) if x != 0])))
        elements = [draw() for _ in range(1 if splat else total)]
        elements = elements * total if splat else elements
        if dtype in ("f32", "f64"):
            elements = [x / 2 for x in elements]
        value = self.fresh(shape, dtype, bound=4.0, step=0.5 if dtype in ("f32", "f64") else 1.0)
        return self.emit("constant", [], value, value=elements[:total])

    def pick(self, accept=lambda v: True):
        candidates = [v for v in self.values if accept(v)]
        if not candidates:
            return None
        # Later values more often, so that chains grow.
        return candidates[max(self.r.randrange(len(candidates)), self.r.randrange(len(candidates)))]

    def number(self, v):
        return v.dtype in ("f32", "f64", "i64")

    def isfloat(self, v):
        return v.dtype == self.float

    def like(self, value, dtype=None):
        """A value of the same shape: there, or a smaller one broadcast to it."""
        dtype = dtype or value.dtype
        same = [v for v in self.values if v.shape == value.shape and v.dtype == dtype]
        if same and self.r.random() < 0.6:
            return self.r.choice(same)
        shape = [d if self.r.random() < 0.6 else Dim(1) for d in value.shape]
        shape = shape[self.r.randrange(len(shape) + 1):]
        if all(d.constant is not None for d in shape) and self.r.random() < 0.6 and product(shape).constant > 0:
            source = (self.member(shape) if dtype == self.float and self.r.random() < 0.5
                      else self.constant([d.constant for d in shape], dtype))
        else:
            source = self.input(shape, dtype)
        return self.broadcast_to(source, value.shape)

    def broadcast_to(self, source, shape):
        if source.shape == shape:
            return source
        return self.emit("broadcast", [source], self.fresh(shape, source.dtype, source))

    #===--- Elementwise ---------------------------------------------------===#

    def unary(self):
        x = self.pick(self.number)
        if not x:
            return
        ops = ["neg", "abs"] + self.hidden
        if self.isfloat(x):
            if x.bound <= 30:
                ops += SMOOTH
            if x.exact:
                ops += JUMPY
                if x.bound <= self.curved:
                    ops += CURVED
        op = self.r.choice(ops)
        if op in ("sqrt", "log", "log1p"):
            x = self.emit("abs", [x], self.fresh(x.shape, x.dtype, x))
            half = self.constant([], x.dtype, low=1)
            x = self.emit("add", [x, self.broadcast_to(half, x.shape)],
                          self.fresh(x.shape, x.dtype, x, bound=x.bound + 4, step=min(x.step, 0.25)))
        result = self.fresh(x.shape, x.dtype, x)
        if op in JUMPY:
            result.step = 1.0
        elif op not in ("neg", "abs", "detach"):
            result.exact = False
            result.bound = {"exp": 2.8 ** x.bound, "expm1": 2.8 ** x.bound}.get(op, max(1.0, x.bound))
        self.emit(op, [x], result, )

    def binary(self):
        x = self.pick()
        y = self.like(x)
        ops = {"i1": ["mul", "max"], "i64": ["add", "sub", "max", "mul", "div", "rem"]}.get(
            x.dtype, ["add", "sub", "max", "mul", "div", "rem"])
        op = self.r.choice(ops)
        if op == "mul" and x.bound * y.bound > 1e4 and x.dtype != "i1":
            op = "sub"
        if op in ("div", "rem"):
            if not x.exact or x.bound > 1e4:
                return
            y = self.broadcast_to(self.constant([], x.dtype), x.shape)
        bound = {"mul": x.bound * y.bound, "max": max(x.bound, y.bound), "div": 2 * x.bound}.get(op, x.bound + y.bound)
        step = {"mul": x.step * y.step, "div": x.step / 4}.get(op, min(x.step, y.step))
        exact = x.exact and y.exact and op != "div" or x.dtype in ("i64", "i1")
        self.emit(op, [x, y], self.fresh(x.shape, x.dtype, bound=bound, step=step, exact=exact))

    def power(self):
        x = self.pick(lambda v: self.isfloat(v) and v.exact and v.bound <= 16)
        if x:
            x = self.emit("abs", [x], self.fresh(x.shape, x.dtype, x))
            x = self.emit("add", [x, self.broadcast_to(self.constant([], x.dtype, low=1), x.shape)],
                          self.fresh(x.shape, x.dtype, x, bound=x.bound + 4))
            y = self.broadcast_to(self.constant([], x.dtype), x.shape)
            self.emit("pow", [x, y], self.fresh(x.shape, x.dtype, exact=False, bound=x.bound**2 + 4))

    def compare(self):
        x = self.pick(lambda v: v.exact)
        if x:
            y = self.like(x)
            if y.exact:
                predicate = self.r.choice(["eq", "ne", "lt", "le", "gt", "ge"])
                self.emit("compare", [x, y], self.fresh(x.shape, "i1"), predicate=predicate)

    def select(self):
        x = self.pick()
        y, c = self.like(x), self.like(x, "i1")
        self.emit("select", [c, x, y],
                  self.fresh(x.shape, x.dtype, exact=x.exact and y.exact, bound=max(x.bound, y.bound),
                             step=min(x.step, y.step)))

    def cast(self):
        x = self.pick(lambda v: v.exact and v.bound < 2**20)
        if x:
            dtype = self.r.choice([self.float, "i64", "i1"])
            result = self.fresh(x.shape, dtype, x)
            if dtype != self.float or not self.isfloat(x):
                result.step = 1.0
            self.emit("cast", [x], result)

    #===--- Moves ---------------------------------------------------------===#

    def reshape(self):
        x = self.pick()
        factors = []
        for d in x.shape:
            value = d.constant
            if value is None or value == 0:
                factors.append(d)
                continue
            for p in (2, 3, 5, 7, 11):
                while value % p == 0:
                    factors.append(Dim(p))
                    value //= p
            if value > 1:
                factors.append(Dim(value))
        if self.r.random() < 0.3:
            self.r.shuffle(factors)
        shape = []
        for f in factors:
            if shape and self.r.random() < 0.5:
                shape[-1] = shape[-1] * f
            else:
                shape.append(f)
            if self.r.random() < 0.15:
                shape.append(Dim(1))
        if len(shape) <= 5:
            self.emit("reshape", [x], self.fresh(shape, x.dtype, x))

    def transpose(self):
        x = self.pick(lambda v: v.rank > 1)
        if x:
            order = list(range(x.rank))
            self.r.shuffle(order)
            self.emit("transpose", [x], self.fresh([x.shape[i] for i in order], x.dtype, x), permutation=order)

    def broadcast(self):
        x = self.pick(lambda v: v.rank < 4)
        if not x:
            return
        shape = [self.size() if d.constant == 1 and self.r.random() < 0.6 else d for d in x.shape]
        shape = self.shape(self.r.randrange(0, 4 - x.rank)) + shape
        if self.fits(shape):
            self.emit("broadcast", [x], self.fresh(shape, x.dtype, x))

    def slice(self):
        x = self.pick(lambda v: v.rank > 0)
        if not x:
            return
        starts, sizes, steps = [], [], []
        for d in x.shape:
            start, size, step = self.slice_of(d)
            starts.append(start)
            sizes.append(size)
            steps.append(step)
        self.emit("slice", [x], self.fresh(sizes, x.dtype, x), starts=starts, sizes=sizes, steps=steps)

    def slice_of(self, d):
        if self.r.random() < 0.4:
            return Dim(0), d, 1
        n = d.constant
        if n is not None:
            start = self.r.randint(0, n)
            step = self.r.choice([1, 1, 2, 3])
            return Dim(start), Dim((self.r.randint(start, n) - start + step - 1) // step), step
        names = {name for key in d.terms for name in key}
        if len(d.terms) == 1 and names < {"b", "n"} and list(d.terms) == [(next(iter(names)),)]:
            atom = Dim({(f"({next(iter(names))} floordiv 2)",): 1})
            if list(d.terms.values()) == [1]:
                return self.r.choice([(Dim(0), atom, 1), (d - atom, atom, 1), (Dim(0), atom, 2), (Dim(0), d, 1)])
        rest = d.terms.get((), 0)
        if rest > 0 and all(v > 0 for v in d.terms.values()):
            start = self.r.randint(0, rest)
            return Dim(start), d - Dim(self.r.randint(start, rest)), 1
        return Dim(0), d, 1

    def pad(self):
        x = self.pick(lambda v: v.rank > 0)
        if not x:
            return
        low = [Dim(self.r.choice([0, 0, 1, 2, 5])) for _ in x.shape]
        high = [self.r.choice([Dim(0), Dim(0), Dim(1), Dim(3), self.b]) for _ in x.shape]
        shape = [a + d + b for a, d, b in zip(low, x.shape, high)]
        if self.fits(shape):
            value = self.constant([], x.dtype)
            self.emit("pad", [x, value], self.fresh(shape, x.dtype, x, bound=max(x.bound, 4.0), step=min(x.step, 0.5)),
                      low=low, high=high)

    def concat(self):
        x = self.pick(lambda v: v.rank > 0)
        if not x:
            return
        d = self.r.randrange(x.rank)
        operands = [x]
        for _ in range(self.r.randint(0, 2)):
            fitting = [v for v in self.values if v.dtype == x.dtype and v.rank == x.rank
                       and all(i == d or v.shape[i] == x.shape[i] for i in range(x.rank))]
            if self.r.random() < 0.5:
                operands.append(self.r.choice(fitting))
            else:
                operands.append(self.input([self.size() if i == d else s for i, s in enumerate(x.shape)], x.dtype))
        self.r.shuffle(operands)
        shape = list(x.shape)
        shape[d] = sum((v.shape[d] for v in operands), Dim(0))
        if self.fits(shape):
            self.emit("concat", operands,
                      self.fresh(shape, x.dtype, exact=all(v.exact for v in operands),
                                 bound=max(v.bound for v in operands), step=min(v.step for v in operands)), dim=d)

    def gather(self):
        x = self.pick(lambda v: v.rank > 0)
        if not x:
            return
        d = self.r.randrange(x.rank)
        shape = list(x.shape)
        shape[d] = self.size()
        if not self.fits(shape):
            return
        small = [n if i == d or self.r.random() < 0.5 else Dim(1) for i, n in enumerate(shape)]
        indices = self.input(small, "i64", below=x.shape[d])
        self.values.remove(indices)
        indices = self.broadcast_to(indices, shape)
        self.emit("gather", [x, indices], self.fresh(shape, x.dtype, x), dim=d)

    def counted(self):
        if self.r.random() < 0.3:
            d = self.r.choice([self.b, self.b + Dim(3), self.b * self.n, Dim({("(b floordiv 2)",): 1})])
            self.emit("dim", [], self.fresh([], "i64", bound=self.most(d) + 1), dim=d)
        else:
            d = self.size()
            self.emit("iota", [], self.fresh([d], "i64", bound=self.most(d) + 1))

    #===--- Sums ----------------------------------------------------------===#

    def reduce(self):
        x = self.pick()
        dims = [i for i in range(x.rank) if self.r.random() < 0.5]
        op = "reduce_max" if x.dtype == "i1" else self.r.choice(["reduce_sum", "reduce_max"])
        shape = [d for i, d in enumerate(x.shape) if i not in dims]
        total = max(1, self.most(product([x.shape[i] for i in dims])))
        result = self.fresh(shape, x.dtype, x, bound=x.bound * (total if op == "reduce_sum" else 1))
        empty = any(not (x.shape[i].terms.get((), 0) > 0) for i in dims)
        result.last = op == "reduce_max" and empty
        self.emit(op, [x], result, dims=dims)

    def argmax(self):
        x = self.pick(lambda v: v.rank > 0 and v.exact and v.dtype != "i1")
        if x:
            d = self.r.randrange(x.rank)
            shape = [s for i, s in enumerate(x.shape) if i != d]
            self.emit("argmax", [x], self.fresh(shape, "i64", bound=self.most(x.shape[d]) + 1), dim=d)

    def matmul(self):
        x = self.pick(lambda v: v.rank >= 2 and self.isfloat(v) and v.bound <= 100)
        if not x:
            return
        k, columns = x.shape[-1], self.size()
        batched = x.rank > 2 and self.r.random() < 0.5
        shape = [*(x.shape[:-2] if batched else []), k, columns]
        if not self.fits(shape) or not self.fits([*x.shape[:-1], columns]):
            return
        swap = self.r.random() < 0.5
        stored = [*shape[:-2], columns, k] if swap else shape
        fitting = [v for v in self.values if v.shape == stored and self.isfloat(v) and v.bound <= 100]
        if fitting and self.r.random() < 0.5:
            y = self.r.choice(fitting)
        elif product(stored).constant and self.r.random() < 0.7:
            y = self.member(stored)
        else:
            y = self.input(stored, self.float)
        if swap:
            order = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
            y = self.emit("transpose", [y], self.fresh(shape, y.dtype, y), permutation=order)
        depth = max(1, self.most(k))
        self.emit("matmul", [x, y], self.fresh([*x.shape[:-1], columns], x.dtype, exact=x.exact and y.exact,
                                               bound=x.bound * y.bound * depth, step=x.step * y.step))

    #===--- Programs ------------------------------------------------------===#

    KINDS = [("unary", 2), ("binary", 5), ("power", 0.5), ("compare", 1), ("select", 1.5), ("cast", 1), ("reshape", 3),
             ("transpose", 2), ("broadcast", 1), ("slice", 2), ("pad", 1), ("concat", 2), ("gather", 1.5),
             ("counted", 0.7), ("reduce", 3), ("argmax", 1), ("matmul", 4)]

    def generate(self):
        for _ in range(self.r.randint(1, 3)):
            self.input(dtype=None if self.values else self.float)
        names, weights = zip(*self.KINDS)
        for _ in range(self.r.randint(2, 14)):
            getattr(self, self.r.choices(names, weights)[0])()
        return self.finish()

    def finish(self):
        program = self.program
        used = {v.name for i in program.body for v in i.operands}
        results = [i.result for i in program.body]
        leaves = [v for v in results if v.name not in used]
        chosen = leaves[-4:] + [v for v in results if v.name in used and self.r.random() < 0.1]
        if self.r.random() < 0.1:
            chosen.append(self.r.choice(program.inputs))
        if chosen and self.r.random() < 0.1:
            chosen.append(chosen[0])
        program.outputs = chosen or [program.inputs[0]]
        program.symbols = ["b", "n"]
        return program

    def generate_gradients(self):
        """The sum of what the program gives, each share by another factor, and its gradients."""
        self.float, self.curved, self.hidden = "f64", 4, []
        self.generate()
        program = self.program
        loss = self.emit("constant", [], self.fresh([], "f64"), value=[0.0])
        for i, value in enumerate(program.outputs):
            if value.dtype == "f64" and value.bound <= 1e4:
                total = self.emit("reduce_sum", [value], self.fresh([], "f64", exact=False), dims=[*range(value.rank)])
                factor = self.emit("constant", [], self.fresh([], "f64"), value=[1.0 + 0.3 * i])
                share = self.emit("mul", [total, factor], self.fresh([], "f64", exact=False))
                loss = self.emit("add", [loss, share], self.fresh([], "f64", exact=False, bound=1e7))
        program.gradients = [v for v in program.inputs if v.dtype == "f64"]
        gradients = [self.emit("grad", [loss, v], self.fresh(v.shape, "f64", exact=False, bound=1e7))
                     for v in program.gradients]
        program.outputs = [loss, *gradients]
        return program

    def generate_rows(self):
        """Layers over rows [b, k] that do not meet: any batch gives the same bits."""
        program = self.program
        program.rowwise = True
        x = self.input([self.b, Dim(self.r.choice(SIZES))], self.float)
        for _ in range(self.r.randint(1, 6)):
            kind = self.r.choice(["matmul", "matmul", "bias", "smooth", "relu", "norm", "residual"])
            if kind == "matmul":
                x = self.rows_matmul(x)
            elif kind == "bias":
                y = self.broadcast_to(self.member([x.shape[1]]), x.shape)
                x = self.emit("add", [x, y], self.fresh(x.shape, x.dtype, exact=False, bound=x.bound + 4))
            elif kind == "smooth":
                x = self.emit(self.r.choice(SMOOTH), [x],
                              self.fresh(x.shape, x.dtype, exact=False, bound=max(1.0, x.bound)))
            elif kind == "relu":
                zero = self.emit("constant", [], self.fresh([], x.dtype), value=[0.0])
                x = self.emit("max", [x, self.broadcast_to(zero, x.shape)], self.fresh(x.shape, x.dtype, x, exact=False))
            elif kind == "norm":
                total = self.emit("reduce_sum", [x],
                                  self.fresh([self.b], x.dtype, exact=False, bound=x.bound * self.most(x.shape[1])),
                                  dims=[1])
                total = self.emit("reshape", [total], self.fresh([self.b, Dim(1)], x.dtype, total))
                total = self.broadcast_to(total, x.shape)
                x = self.emit("sub", [x, total],
                              self.fresh(x.shape, x.dtype, exact=False, bound=x.bound + total.bound))
            else:
                x = self.emit("add", [x, x], self.fresh(x.shape, x.dtype, exact=False, bound=2 * x.bound))
        program.outputs = [x]
        program.symbols = ["b"]
        return program

    def rows_matmul(self, x):
        k, columns = x.shape[1], Dim(self.r.choice(SIZES))
        if self.r.random() < 0.5:
            w = self.member([columns, k])
            w = self.emit("transpose", [w], self.fresh([k, columns], x.dtype, w), permutation=[1, 0])
        else:
            w = self.member([k, columns])
        return self.emit("matmul", [x, w],
                         self.fresh([self.b, columns], x.dtype, exact=False, bound=x.bound * 4 * k.constant))



def program(seed, gradients):
    generator = Generator(seed, f"p{seed}")
    if gradients:
        return generator.generate_gradients()
    return generator.generate_rows() if seed % 5 == 0 else generator.generate()


def main():
    gradients = sys.argv[1] == "--gradients"
    first, last = map(int, sys.argv[1 + gradients:])
    print(module_text([program(seed, gradients) for seed in range(first, last + 1)]))


main()
