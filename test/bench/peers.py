"""The same rows by PyTorch eager, JAX jit and ONNX Runtime: peers.py eager|jax|onnxruntime."""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"


def report(row, call):
    """Nanoseconds of one call: the least of seven measurements of 20 ms or more each."""

    def measure(count):
        start = time.perf_counter_ns()
        for _ in range(count):
            call()
        return time.perf_counter_ns() - start

    count = 1
    while measure(count) < 20e6:
        count *= 2
    print(row, min(measure(count) for _ in range(7)) / count)


def eager():
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)

    def mlp():
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))

    def train(row, net, optimizer, loss, x, y):
        def step():
            optimizer.zero_grad()
            loss(net(x), y).backward()
            optimizer.step()

        report(row, step)

    one = torch.ones(1, 1)
    with torch.no_grad():
        linear, net = nn.Linear(1, 1), mlp()
        report("linear_forward", lambda: linear(one))
        for batch in (1, 64):
            x = torch.rand(batch, 784)
            report(f"mlp_forward_{batch}", lambda: net(x))
    tiny = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    train("tiny_sgd", tiny, torch.optim.SGD(tiny.parameters(), lr=0.01), nn.MSELoss(), one, torch.zeros(1, 1))
    x, y = torch.rand(64, 784), torch.arange(64) % 10
    for row, kind, lr in (("mlp_sgd_64", torch.optim.SGD, 0.01), ("mlp_adam_64", torch.optim.Adam, 1e-3)):
        net = mlp()
        train(row, net, kind(net.parameters(), lr=lr), nn.CrossEntropyLoss(), x, y)


def jax():
    import jax
    import jax.numpy as jnp
    import numpy as np

    random = np.random.default_rng(0)

    def layers(*sizes):
        return [
            (jnp.array(random.normal(0, i**-0.5, (o, i)), "float32"), jnp.zeros(o, "float32"))
            for i, o in zip(sizes, sizes[1:])
        ]

    def mlp(net, x):
        (w1, b1), (w2, b2) = net
        return jax.nn.relu(x @ w1.T + b1) @ w2.T + b2

    def cross_entropy(net, x, y):
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(mlp(net, x)), y[:, None], 1))

    def squares(net, x, y):
        (w1, b1), (w2, b2) = net
        return jnp.mean((((x @ w1.T + b1) @ w2.T + b2) - y) ** 2)

    def sgd(loss):
        def step(net, x, y):
            value, gradients = jax.value_and_grad(loss)(net, x, y)
            return jax.tree.map(lambda p, g: p - 0.01 * g, net, gradients), value

        return jax.jit(step, donate_argnums=0)

    def adam(loss):
        def step(state, x, y):
            net, m, v, t = state
            value, gradients = jax.value_and_grad(loss)(net, x, y)
            t = t + 1
            m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, gradients)
            v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, gradients)
            rate, root = 1e-3 / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
            net = jax.tree.map(lambda p, a, b: p - rate * a / (jnp.sqrt(b) / root + 1e-8), net, m, v)
            return (net, m, v, t), value

        return jax.jit(step, donate_argnums=0)

    def train(row, step, state, x, y):
        def once():
            nonlocal state
            state, value = step(state, x, y)
            value.block_until_ready()

        report(row, once)

    net = layers(784, 128, 10)
    run = jax.jit(mlp)
    for batch in (1, 64):
        x = jnp.array(random.random((batch, 784)), "float32")
        report(f"mlp_forward_{batch}", lambda: run(net, x).block_until_ready())
    one = jnp.ones((1, 1))
    train("tiny_sgd", sgd(squares), layers(1, 1, 1), one, 0 * one)
    x, y = jnp.array(random.random((64, 784)), "float32"), jnp.arange(64) % 10
    train("mlp_sgd_64", sgd(cross_entropy), layers(784, 128, 10), x, y)
    net = layers(784, 128, 10)
    zeros = [jax.tree.map(jnp.zeros_like, net) for _ in range(2)]
    train("mlp_adam_64", adam(cross_entropy), (net, *zeros, jnp.float32(0)), x, y)


def onnxruntime():
    import numpy as np
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    shapes = {"w1": (128, 784), "b1": (128,), "w2": (10, 128), "b2": (10,)}
    weights = [numpy_helper.from_array(random.random(s, "float32") / 30, n) for n, s in shapes.items()]
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["y"], transB=1),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", s]) for n, s in (("x", 784), ("y", 10))]
    graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for batch in (1, 64):
        # Bound to memory, as a program that cares for speed does it.
        binding = session.io_binding()
        binding.bind_cpu_input("x", random.random((batch, 784), "float32"))
        binding.bind_output("y")
        report(f"mlp_forward_{batch}", lambda: session.run_with_iobinding(binding))


if __name__ == "__main__":
    {"eager": eager, "jax": jax, "onnxruntime": onnxruntime}[sys.argv[1]]()
