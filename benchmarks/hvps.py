"""Hessian-vector products: the orders, one linearization for many vectors, against plain JAX.

    python benchmarks/hvps.py [--only mlp rollout elementwise] [--vectors 1 16]

For losses of three kinds at growing sizes: `jacoscope.hvp` in each order beside the one-liner that
one would write in JAX, for one vector and for many (by vmap; the last two lines reuse one
linearization, by vmap and by map). All are jitted and timed in turns. Times are in gradients of
the loss, too: the rule says two to four. Memory is output and temporaries as XLA predicts them.
Exits 1 where ours takes more than 1.05 times the one-liner's time, or memory, by geometric mean.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree

import jacoscope as jsc
from functions._draws import Draws
from jacoscope._batching import Batching
from jacoscope._cost import compile_program
from jacoscope._hessian import Order
from jacoscope._program import program
from jacoscope._strategy import Strategy
from rounds import Call, medians

Loss = Callable[[Any], jax.Array]
ALLOWED = 1.05
TOLERANCE = 1e-4
GRADIENT: tuple[str, str] = ("gradient", "jax")


def mlp(width: int, batch: int = 64) -> tuple[Loss, Any]:
    """The squared error of a network of three layers, by its weights."""
    draws = Draws()
    data, targets = draws.normal(batch, width), draws.normal(batch, width)

    def loss(layers: list[jax.Array]) -> jax.Array:
        h = data
        for weights in layers:
            h = jnp.tanh(h @ weights)
        return jnp.mean((h - targets) ** 2)

    return loss, [draws.layer(width, width) for _ in range(3)]


def rollout(steps: int, width: int = 64, batch: int = 16) -> tuple[Loss, Any]:
    """The squared end of a recurrent network, by the weights that each step shares."""
    draws = Draws()
    start, drive = draws.normal(batch, width), draws.normal(batch, width, scale=0.1)

    def loss(weights: jax.Array) -> jax.Array:
        def step(h: jax.Array, _: None) -> tuple[jax.Array, None]:
            return jnp.tanh(h @ weights) + drive, None

        return jnp.mean(lax.scan(step, start, None, steps)[0] ** 2)

    return loss, draws.layer(width, width)


def elementwise(length: int) -> tuple[Loss, Any]:
    """A sum over a chain of elementwise functions, coupled with the neighbor."""
    return lambda x: jnp.sum(jnp.tanh(x) ** 2 * jnp.sin(jnp.roll(x, 1))), Draws().normal(length)


LOSSES: dict[str, tuple[Callable[[int], tuple[Loss, Any]], list[int]]] = {
    "mlp": (mlp, [64, 128, 256]),
    "rollout": (rollout, [16, 64, 256]),
    "elementwise": (elementwise, [1_000, 30_000, 1_000_000]),
}


def one_liners(f: Loss) -> dict[str, Callable[[Any, Any], Any]]:
    """Return order → the product of the Hessian at x with v, as one writes it in JAX."""

    def dot(a: Any, b: Any) -> Any:
        return sum(jnp.vdot(p, q) for p, q in zip(*map(jax.tree.leaves, (a, b)), strict=True))

    return {
        "forward_over_reverse": lambda x, v: jax.jvp(jax.grad(f), (x,), (v,))[1],
        "reverse_over_forward": lambda x, v: jax.grad(lambda x: jax.jvp(f, (x,), (v,))[1])(x),
        "reverse_over_reverse": lambda x, v: jax.grad(lambda x: dot(jax.grad(f)(x), v))(x),
        "linearize": lambda x, v: jax.linearize(jax.grad(f), x)[1](v),
    }


def ways(f: Loss, order: Order, batching: Batching | None) -> dict[str, Callable[..., Any]]:
    """Return who → the products of one x with a vector, or with stacked ones."""
    plain = one_liners(f)[order]
    if batching is None:
        return {"ours": lambda x, v: jsc.hvp(f, x, v, order=order), "jax": plain}
    ours = program(Strategy("hvp", None, batching, order=order), f)
    if batching == "vmap":
        return {"ours": ours, "jax": jax.vmap(plain, (None, 0))}
    # what the vectors share has to stand outside of a map
    return {"ours": ours, "jax": lambda x, V: lax.map(jax.linearize(jax.grad(f), x)[1], V)}


def lines(count: int) -> list[tuple[Order, Batching | None]]:
    """List the orders, and how they are applied to that many vectors."""
    orders: list[Order] = ["forward_over_reverse", "reverse_over_forward", "reverse_over_reverse"]
    if count == 1:
        return [(order, None) for order in orders]
    return [*((order, "vmap") for order in orders), ("linearize", "vmap"), ("linearize", "map")]


@dataclass(frozen=True)
class Cell:
    """One program: how it is called, and the bytes of its output and temporaries."""

    call: Call
    memory_bytes: int | None


def compiled(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Cell:
    made, cost = compile_program(function, arguments)
    known = cost.output_bytes is not None and cost.temp_bytes is not None
    memory = (cost.output_bytes or 0) + (cost.temp_bytes or 0) if known else None
    return Cell(partial(made, *arguments), memory)


def cells_of(f: Loss, x: Any, count: int) -> dict[tuple[str, str], Cell]:
    """Return (line, who) → the compiled products, checked against each other; and the gradient."""
    point, restore = ravel_pytree(x)
    vectors = jax.random.normal(jax.random.key(1), (count, point.size), point.dtype)
    stacked = restore(vectors[0]) if count == 1 else jax.vmap(restore)(vectors)
    cells: dict[tuple[str, str], Cell] = {GRADIENT: compiled(jax.grad(f), (x,))}
    expected = None
    for order, batching in lines(count):
        for who, function in ways(f, order, batching).items():
            cell = compiled(function, (x, stacked))
            result = ravel_pytree(cell.call())[0]
            expected = result if expected is None else expected
            error = jnp.abs(result - expected).max() / jnp.abs(expected).max()
            if not error < TOLERANCE:
                raise SystemExit(f"{who}'s {order} is off by {error:.0e}.")
            cells["/".join(filter(None, [order, batching])), who] = cell
    return cells


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(LOSSES), default=list(LOSSES))
    parser.add_argument("--sizes", nargs="+", type=int, help="instead of each loss's own")
    parser.add_argument("--vectors", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--budget", type=float, default=20.0, help="seconds of timing a loss")
    args = parser.parse_args()
    print(
        f"JAX {jax.__version__} on {jax.devices()[0].platform}, float32, medians of {args.rounds}"
        " samples\n"
    )
    print(
        f"{'loss':19} {'vectors':>7} {'order':25} {'ours ms':>9} {'jax ms':>9} {'ours/jax':>8}"
        f" {'gradients':>9} {'ours MB':>8} {'jax MB':>8}"
    )
    times, memories, gains = [], [], []
    for name in args.only:
        make, sizes = LOSSES[name]
        for size, count in itertools.product(args.sizes or sizes, args.vectors):
            cells = cells_of(*make(size), count)
            calls = {key: cell.call for key, cell in cells.items()}
            found = medians(calls, args.rounds, budget_s=args.budget)
            gradient = found.pop(GRADIENT)
            ours = {line: seconds for (line, who), seconds in found.items() if who == "ours"}
            for line, seconds in ours.items():
                theirs = found[line, "jax"]
                bytes_of = [cells[line, who].memory_bytes for who in ("ours", "jax")]
                times.append(seconds / theirs)
                if bytes_of[0] is not None and bytes_of[1]:
                    memories.append(bytes_of[0] / bytes_of[1])
                text = f"{f'{name} {size:,}':19} {count:7} {line:25} {seconds * 1e3:9.3f}"
                text += f" {theirs * 1e3:9.3f} {times[-1]:8.2f} {seconds / count / gradient:9.2f}"
                for each in bytes_of:
                    text += f" {'–' if each is None else f'{each / 1e6:.2f}':>8}"
                print(text, flush=True)
            usual = next(iter(ours))  # jvp of grad
            gains.append(found[usual, "jax"] / min(ours.values()))
    means = {"time": times, "memory": memories}
    print("\nby geometric mean:")
    for what, ratios in means.items():
        print(f"  ours over the same one-liner, {what}: {statistics.geometric_mean(ratios):.3f}")
    print(f"  jvp of grad in JAX over the fastest of ours: {statistics.geometric_mean(gains):.2f}×")
    short = [what for what, each in means.items() if statistics.geometric_mean(each) > ALLOWED]
    for what in short:
        print(f"FALLS SHORT in {what}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
