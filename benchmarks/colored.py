"""Sparse Jacobians by coloring: ours against asdex's own and against JAX's dense builtins.

    python benchmarks/colored.py

Needs the extra `sparse`. All ways of one problem are jitted, compiled and warmed up first, then
timed in turns in one process, in a new random order each round; every call is awaited and the
medians are compared. Dense results are held against dense ones, sparse against sparse. Preparing
(tracing, detection and coloring) is timed once and apart. Exits 1 where ours is slower than asdex
by geometric mean, or gains less than 20× on the better builtin where that was asked.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from contestants import BUILTINS, Contestant, carried_out
from peers import disagreement, sparse_ways
from rounds import medians

SAMPLE_S = 0.01
WANTED = 20.0  # times faster than the better dense builtin, on the Brusselator


def brusselator(side: int) -> tuple[Callable[[Any], Any], Any]:
    """The right-hand side of the Brusselator with diffusion, on a periodic side × side grid."""
    a, b, diffusion, step = 1.0, 3.4, 0.1, 1.0 / (side - 1)

    def laplacian(u: Any) -> Any:
        around = sum(jnp.roll(u, shift, axis) for shift in (1, -1) for axis in (0, 1))
        return (around - 4.0 * u) / step**2

    def f(w: Any) -> Any:
        u, v = w.reshape(2, side, side)
        reaction = u * u * v
        du = a + reaction - (b + 1.0) * u + diffusion * laplacian(u)
        dv = b * u - reaction + diffusion * laplacian(v)
        return jnp.stack([du, dv]).ravel()

    x = np.random.default_rng(0).uniform(0.5, 1.5, 2 * side * side)
    return f, jnp.asarray(x, jnp.float32)


def banded(n: int) -> tuple[Callable[[Any], Any], Any]:
    """Each output depends on five neighboring inputs."""

    def f(x: Any) -> Any:
        y = jnp.pad(x, 2)
        return jnp.sin(y[:-4]) * y[2:-2] + y[4:] ** 2 - y[1:-3] * y[3:-1]

    return f, jnp.asarray(np.random.default_rng(0).standard_normal(n), jnp.float32)


def ways_of(f: Callable[[Any], Any], x: Any, builtins: bool) -> dict[str, Contestant]:
    """Return name → a jitted, warm way; results are checked where JAX's own are among them."""
    found = sparse_ways(f, x, dense=True)
    ways = {name: way for name, way in found.items() if isinstance(way, Contestant)}
    for name, reason in found.items():
        if isinstance(reason, str) and not name.startswith("sparsejac"):
            raise SystemExit(f"{name}: {reason}")
    if builtins:
        for name in BUILTINS:
            ways[name] = Contestant(name, carried_out(name, f))
        expected = np.asarray(ways["jax.jacfwd"].call(x))
        wrong = disagreement(ways, x, expected)
        if wrong:
            raise SystemExit(f"wrong results: {', '.join(wrong)}")
    return ways


def main() -> int:
    parser = argparse.ArgumentParser(description="Colored Jacobians against asdex and JAX.")
    parser.add_argument("--side", type=int, default=32, help="of the Brusselator's grid")
    parser.add_argument("--n", type=int, default=10_000, help="inputs of the banded function")
    parser.add_argument("--rounds", type=int, default=21)
    args = parser.parse_args()

    problems = {
        f"Brusselator N={args.side}": (*brusselator(args.side), True),
        f"banded {args.n:,}": (*banded(args.n), False),
    }
    device = jax.devices()[0]
    print(
        f"JAX {jax.__version__} on {device.platform}, asdex {version('asdex')}, float32,"
        f" medians of {args.rounds} samples, in ms\n"
    )
    print(
        f"{'problem':18} {'result':7} {'prep':>7} {'ours':>9} {'asdex':>9} {'asdex/ours':>11}"
        f" {'jacfwd':>9} {'jacrev':>9} {'dense/ours':>11}"
    )
    ratios, short = {"dense": [], "bcoo": []}, 0
    for title, (f, x, builtins) in problems.items():
        ways = ways_of(f, x, builtins)
        calls = {name: partial(way.call, x) for name, way in ways.items()}
        found = medians(calls, args.rounds, SAMPLE_S)
        for output, kept in ratios.items():
            ours, theirs = found[f"ours {output}"], found[f"asdex {output}"]
            kept.append(theirs / ours)
            prepare_s = ways[f"ours {output}"].prepare_s or 0.0
            line = f"{title:18} {output:7} {prepare_s * 1e3:7.0f} {ours * 1e3:9.3f}"
            line += f" {theirs * 1e3:9.3f} {theirs / ours:10.2f}×"
            if builtins:
                dense = min(found["jax.jacfwd"], found["jax.jacrev"])
                line += f" {found['jax.jacfwd'] * 1e3:9.2f} {found['jax.jacrev'] * 1e3:9.2f}"
                line += f" {dense / ours:10.1f}×"
                short += output == "dense" and dense / ours < WANTED
            print(line)
    print()
    for output, kept in ratios.items():
        mean = statistics.geometric_mean(kept)
        short += mean < 1.0
        print(f"asdex/ours, {output}: {mean:.2f}× by geometric mean")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
