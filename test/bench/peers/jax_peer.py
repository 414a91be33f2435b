# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows by JAX: functions compiled by jit, their arguments donated in training."""

import os

THREADS = int(os.environ["OMP_NUM_THREADS"])
os.environ["XLA_FLAGS"] = (
    f"--xla_cpu_multi_thread_eigen={'true' if THREADS > 1 else 'false'} intra_op_parallelism_threads={THREADS}"
)
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from timing import report  # noqa: E402

random = np.random.default_rng(0)


def layers(*sizes):
    return [
        (jnp.array(random.normal(0, i**-0.5, (o, i)), "float32"), jnp.zeros(o, "float32"))
        for i, o in zip(sizes, sizes[1:])
    ]


def mlp(net, x):
    *hidden, (w, b) = net
    for weight, bias in hidden:
        x = jax.nn.relu(x @ weight.T + bias)
    return x @ w.T + b


def cross_entropy(net, x, y):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(mlp(net, x)), y[:, None], 1))


def squares(net, x, y):
    return jnp.mean((mlp(net, x) - y) ** 2)


def linear_squares(net, x, y):
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


def with_moments(net):
    return (net, *(jax.tree.map(jnp.zeros_like, net) for _ in range(2)), jnp.float32(0))


def main():
    run = jax.jit(mlp)
    for n in (512, 1024, 2048):
        # The weight is a constant of the function: XLA may do with it what it likes.
        weight = jnp.array(random.random((n, n)), "float32")
        product = jax.jit(lambda x, weight=weight: x @ weight)
        x = jnp.array(random.random((n, n)), "float32")
        report(f"matmul_{n}", lambda: product(x).block_until_ready())
    for name, sizes in (("mlp", (784, 128, 10)), ("wide", (1024, 4096, 4096, 1024))):
        net = layers(*sizes)
        for batch in (1, 64):
            x = jnp.array(random.random((batch, sizes[0])), "float32")
            report(f"{name}_forward_{batch}", lambda: run(net, x).block_until_ready())
    one = jnp.ones((1, 1))
    train("tiny_sgd", sgd(linear_squares), layers(1, 1, 1), one, 0 * one)
    x, y = jnp.array(random.random((64, 784)), "float32"), jnp.arange(64) % 10
    train("mlp_sgd_64", sgd(cross_entropy), layers(784, 128, 10), x, y)
    train("mlp_adam_64", adam(cross_entropy), with_moments(layers(784, 128, 10)), x, y)
    x, y = (jnp.array(random.random((64, 1024)), "float32") for _ in range(2))
    train("wide_adam_64", adam(squares), with_moments(layers(1024, 4096, 4096, 1024)), x, y)


main()
