"""Sparse Jacobians by coloring: ours, asdex's and sparsejac's, dense and as a `BCOO`.

All three get the function of one vector; sparsejac takes its pattern from asdex, as it finds none.
What an open library can't do becomes its reason, a sentence, in place of a contestant.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

import jacoscope as jsc
from contestants import Contestant

Function = Callable[[Any], Any]
_TOLERANCE = 1e-4


def flat(f: Function, x: Any) -> tuple[Function, jax.Array]:
    """Return the function from one vector to one vector, and its point."""
    point, restore = ravel_pytree(x)
    return lambda vector: ravel_pytree(f(restore(vector)))[0], point


def sparse_ways(f: Function, x: jax.Array, *, dense: bool) -> dict[str, Contestant | str]:
    """Return `library result` → the way, jitted, with what preparing it took; or why not.

    Args:
        f: Function of one vector.
        x: The vector.
        dense: Whether there are to be dense results, too.
    """
    _attempt(lambda: _asdex(f, x, "dense"))  # compiles what asdex itself compiles
    outputs = ("dense", "bcoo") if dense else ("bcoo",)
    ways: dict[str, Contestant | str] = {}
    for output in outputs:
        ways[f"ours {output}"] = _attempt(lambda output=output: _ours(f, x, output))
        ways[f"asdex {output}"] = _attempt(lambda output=output: _asdex(f, x, output))
    ways["sparsejac bcoo"] = _attempt(lambda: _sparsejac(f, x))
    return ways


def disagreement(ways: dict[str, Contestant], x: jax.Array, expected: np.ndarray) -> list[str]:
    """Name the ways whose result differs by more than 1e-4 of the largest entry."""
    allowed = _TOLERANCE * float(np.abs(expected).max())
    wrong = []
    for name, way in ways.items():
        result = way.call(x)
        whole = np.asarray(result.todense() if name.endswith("bcoo") else result)
        if not np.abs(whole - expected).max() <= allowed:
            wrong.append(name)
    return wrong


def _attempt(make: Callable[[], Contestant]) -> Contestant | str:
    try:
        return make()
    except (ImportError, NotImplementedError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def _ours(f: Function, x: jax.Array, output: Any) -> Contestant:
    way = jax.jit(lambda x: jsc.jacobian(f, x, batching="colored", output=output))
    start = time.perf_counter()
    way.trace(x)
    return Contestant("colored", way, time.perf_counter() - start)


def _asdex(f: Function, x: jax.Array, output: Any) -> Contestant:
    import asdex

    start = time.perf_counter()
    coloring = asdex.jacobian_coloring(f, x)
    prepare_s = time.perf_counter() - start
    way = asdex.jacobian_from_coloring(f, coloring, output_format=output)
    return Contestant(str(coloring.mode), jax.jit(way), prepare_s)


def _sparsejac(f: Function, x: jax.Array) -> Contestant:
    import asdex
    import sparsejac  # pyright: ignore[reportMissingImports] (not in the test extra)

    start = time.perf_counter()
    coloring = asdex.jacobian_coloring(f, x)
    pattern = coloring.sparsity.to_bcoo()
    forward = str(coloring.mode) == "fwd"
    way = (sparsejac.jacfwd if forward else sparsejac.jacrev)(f, pattern)
    return Contestant(str(coloring.mode), jax.jit(way), time.perf_counter() - start)
