"""Jacobians of a batch of examples, and value with Jacobian, against JAX written by hand.

    python benchmarks/per_example.py

Each way is jitted, compiled, held against the others and warmed up; then all ways of one problem
are timed in turns in one process, in a new random order each round, every call awaited. Ours is
held against the same way written by hand: `jax.vmap(jax.jacfwd(f))`, a loop over chunks with
`lax.map`, a VJP that returns the value. `two calls` is what the value costs apart. Exits 1 where
ours takes more than 5 % longer, by geometric mean over the problems.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jacoscope as jsc
from rounds import Call, medians

SAMPLE_S = 0.01
ALLOWED = 1.05

Function = Callable[[Any], Any]


def arm(joints: int) -> tuple[Function, tuple[int, ...]]:
    """Where the end of an arm with many joints is, and how it is turned."""

    def f(angles: Any) -> Any:
        turned = jnp.cumsum(angles)
        return jnp.stack([jnp.sum(jnp.cos(turned)), jnp.sum(jnp.sin(turned)), turned[-1]])

    return f, (joints,)


def mlp(width: int, outputs: int) -> tuple[Function, tuple[int, ...]]:
    keys = jax.random.split(jax.random.key(0), 3)
    shapes = (width, width), (width, width), (outputs, width)
    a, b, c = (
        jax.random.normal(key, shape) / width**0.5 for key, shape in zip(keys, shapes, strict=True)
    )
    return lambda x: c @ jnp.tanh(b @ jnp.tanh(a @ x)), (width,)


def rollout(size: int, steps: int) -> tuple[Function, tuple[int, ...]]:
    """Lorenz 96, some steps of Euler's method."""

    def step(x: Any, _: None) -> tuple[Any, None]:
        slope = (jnp.roll(x, -1) - jnp.roll(x, 2)) * jnp.roll(x, 1) - x + 8.0
        return x + 0.01 * slope, None

    return lambda x: jax.lax.scan(step, x, None, steps)[0], (size,)


PROBLEMS: dict[str, tuple[tuple[Function, tuple[int, ...]], int]] = {
    "arm, 7 → 3": (arm(7), 4096),
    "MLP, 64 → 8": (mlp(64, 8), 256),
    "Lorenz 96, 40 → 40": (rollout(40, 50), 64),
}


def with_value(f: Function) -> Function:
    def pair(x: Any) -> Any:
        y = f(x)
        return y, y

    return pair


def by_chunks(f: Function, chunk: int) -> Function:
    """Columns by `lax.map` over an identity, as one would write it."""

    def build(x: Any) -> Any:
        basis = jnp.eye(x.size, dtype=x.dtype)
        rows = jax.lax.map(lambda v: jax.jvp(f, (x,), (v,))[1], basis, batch_size=chunk)
        return jnp.moveaxis(rows, 0, -1)

    return build


def by_vjp(f: Function) -> Function:
    """Value and rows from one VJP, as one would write it."""

    def build(x: Any) -> Any:
        y, pullback = jax.vjp(f, x)
        (rows,) = jax.vmap(pullback)(jnp.eye(y.size, dtype=y.dtype))
        return rows, y

    return build


def pairs_of(f: Function) -> dict[str, tuple[Function, Function]]:
    """Return name → ours, and the same way by hand."""

    def ours(mode: Any, chunk: int | None = None) -> Function:
        return lambda x: jsc.jacobian(f, x, mode, chunk_size=chunk)

    def ours_with_value(mode: Any) -> Function:
        return lambda x: jsc.jacobian(with_value(f), x, mode, has_aux=True)

    return {
        "forward": (ours("forward"), jax.jacfwd(f)),
        "forward by 8": (ours("forward", 8), by_chunks(f, 8)),
        "reverse": (ours("reverse"), jax.jacrev(f)),
        "value, forward": (ours_with_value("forward"), jax.jacfwd(with_value(f), has_aux=True)),
        "value, reverse": (ours_with_value("reverse"), by_vjp(f)),
    }


def calls_of(f: Function, x: Any) -> dict[str, Call]:
    """Return name → a jitted, warm call."""
    made: dict[str, Function] = {}
    for name, (ours, by_hand) in pairs_of(f).items():
        made |= {f"ours {name}": ours, f"hand {name}": by_hand}
    calls: dict[str, Call] = {}
    expected = jax.vmap(jax.jacfwd(f))(x)
    for name, function in made.items():
        program = jax.jit(jax.vmap(function))
        result = program(x)
        jacobian = result[0] if "value" in name else result
        np.testing.assert_allclose(jacobian, expected, rtol=1e-3, atol=1e-3, err_msg=name)
        calls[name] = lambda program=program: program(x)
    value, jacobian = jax.jit(jax.vmap(f)), jax.jit(jax.vmap(jax.jacrev(f)))
    calls["two calls"] = lambda: (jacobian(x), value(x))
    return calls


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=31)
    args = parser.parse_args()
    device = jax.devices()[0]
    print(f"JAX {jax.__version__} on {device.platform}, float32, medians in ms\n")
    print(f"{'problem':20} {'examples':>8} {'way':16} {'ours':>8} {'by hand':>8} {'ours/hand':>9}")
    ratios: dict[str, list[float]] = {}
    for title, ((f, shape), examples) in PROBLEMS.items():
        x = jax.random.normal(jax.random.key(1), (examples, *shape))
        found = medians(calls_of(f, x), args.rounds, SAMPLE_S)
        for name in pairs_of(f):
            ours, by_hand = found[f"ours {name}"], found[f"hand {name}"]
            ratios.setdefault(name, []).append(ours / by_hand)
            print(
                f"{title:20} {examples:8} {name:16} {ours * 1e3:8.3f} {by_hand * 1e3:8.3f}"
                f" {ours / by_hand:8.2f}×",
                flush=True,
            )
        print(f"{title:20} {examples:8} {'two calls':16} {'':8} {found['two calls'] * 1e3:8.3f}")
    print()
    short = 0
    for name, kept in ratios.items():
        mean = statistics.geometric_mean(kept)
        short += mean > ALLOWED
        print(f"{name:16} ours/hand: {mean:.2f}× by geometric mean")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
