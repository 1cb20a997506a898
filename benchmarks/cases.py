"""The functions whose Jacobians the benchmarks build, each at one realistic size.

    python benchmarks/cases.py [--only NAME …]

Prints each case with its sizes and what JAX's builtins take for it, jitted: the median of a few
calls. There are the gallery's problems that have a Jacobian worth building under jit (not its 2×2
map, not what can't be jitted, and not its pure gradients and Hessians), and functions that people
differentiate, written for the benchmarks. At most a third are sparse.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

import functions
import jacoscope as jsc


@dataclass(frozen=True)
class Case:
    """A function, a point, and what is computed there.

    Attributes:
        name: Its name in the tables.
        f: The function of one pytree.
        x: The point, in float32.
        sparse: Whether few entries of its Jacobian can be other than zero, for every `x`.
        fits: Whether its dense Jacobian is to be built; else it is measured as a `BCOO` only.
        quantity: What is computed.
    """

    name: str
    f: Callable[[Any], Any]
    x: Any
    sparse: bool = False
    fits: bool = True
    quantity: str = "jacobian"

    @property
    def n_in(self) -> int:
        """Numbers in the point."""
        return sum(leaf.size for leaf in jax.tree.leaves(self.x))

    @property
    def n_out(self) -> int:
        """Numbers in the output."""
        return sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(self.f, self.x)))


def _of_gallery(name: str, **knobs: Any) -> tuple[Callable[[Any], Any], Any]:
    made = jsc.problem(name, **knobs)
    return made.f, made.x


_DENSE = {
    "logistic_regression": {"batch": 1024, "features": 256},
    "logistic_loss": {"batch": 4096, "features": 256},
    "tall_curve": {"points": 1024, "terms": 16},
    "wide_loss": {"parameters": 2048, "losses": 32},
    "square_mlp": {"width": 256},
    "tall_mlp": {"outputs": 2048, "inputs": 32, "hidden": 512},
    "wide_mlp": {"inputs": 2048, "outputs": 32, "hidden": 512},
    "linear_map": {"rows": 1024, "columns": 512},
    "rnn_rollout": {"steps": 64, "width": 128},
    "pairwise_distances": {"points": 128, "dimensions": 3},
    "outer_product": {"hidden": 128, "inputs": 128},
    "kmeans": {"points": 2048, "clusters": 16, "dimensions": 8},
    "gaussian_mixture": {"points": 512, "clusters": 8, "dimensions": 4},
    "fft_convolution": {"samples": 512, "taps": 32},
    "linear_solve": {"unknowns": 128},
    "gaussian_process": {"points": 256, "features": 8},
}
_SPARSE = {
    "elementwise_chain": {"length": 2048},
    "lorenz96": {"sites": 1024},
    "squared_differences": {"unknowns": 2048},
    "broyden_tridiagonal": {"unknowns": 2048},
    "broyden_banded": {"unknowns": 2048},
    "arrow": {"unknowns": 1024},
    "brusselator": {"side": 32},
    "burgers": {"steps": 32, "cells": 1024},
    "bundle_adjustment": {"points": 256, "cameras": 4},
    "while_loop": {"orbits": 1024},
    "custom_vjp": {"orbits": 1024},
}
_WRITTEN_SPARSE = ("b_spline", "collocation", "diffusion_residual", "power_flow")
_HUGE = "broyden_banded 10,000"

Make = Callable[[], Case]


def _recipes() -> dict[str, Make]:
    """Name → a function that makes the case."""

    def made(
        name: str, make: Callable[[], Any], *, sparse: bool = False, fits: bool = True
    ) -> Case:
        return Case(name, *make(), sparse=sparse, fits=fits)

    recipes: dict[str, Make] = {}
    for table, sparse in ((_DENSE, False), (_SPARSE, True)):
        for name, knobs in table.items():
            recipes[name] = partial(made, name, partial(_of_gallery, name, **knobs), sparse=sparse)
    huge = partial(_of_gallery, "broyden_banded", unknowns=10_000)
    recipes[_HUGE] = partial(made, _HUGE, huge, sparse=True, fits=False)
    for name in functions.__all__:
        sparse = name in _WRITTEN_SPARSE
        recipes[name] = partial(made, name, getattr(functions, name), sparse=sparse)
    return recipes


_RECIPES = _recipes()
NAMES = tuple(_RECIPES)


def cases(only: Sequence[str] = ()) -> Iterator[Case]:
    """Make the cases one after the other, those of `only` or all.

    Raises:
        ValueError: There is no case of a name.
    """
    for name in only or NAMES:
        if name not in _RECIPES:
            raise ValueError(f"There is no case {name!r}. There are {', '.join(NAMES)}.")
        yield _RECIPES[name]()


def median_s(function: Callable[[Any], Any], x: Any, calls: int = 5) -> float | None:
    """Return the median seconds of a jitted call; None where JAX can't differentiate this way."""
    jitted = jax.jit(function)
    try:
        jax.block_until_ready(jitted(x))
    except (TypeError, ValueError):
        return None
    taken = []
    for _ in range(calls):
        start = time.perf_counter()
        jax.block_until_ready(jitted(x))
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description="The cases of the benchmarks.")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=[], metavar="NAME")
    args = parser.parse_args()
    print(f"{'case':24} {'n_in':>7} {'n_out':>7} {'sparse':>6} {'jacfwd ms':>10} {'jacrev ms':>10}")
    for case in cases(args.only):
        line = f"{case.name:24} {case.n_in:7,} {case.n_out:7,} {'yes' if case.sparse else '':>6}"
        for builtin in (jax.jacfwd, jax.jacrev) if case.fits else ():
            found = median_s(builtin(case.f), case.x)
            line += f" {'–' if found is None else f'{found * 1e3:.2f}':>10}"
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
