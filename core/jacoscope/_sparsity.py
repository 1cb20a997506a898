"""Which pattern and which coloring: given, else proven, else probed at this point alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import core
from jaxtyping import Array, PyTree

from ._asdex import import_asdex
from ._colored import ColoredMode
from ._coloring import Direction, color
from ._detection import proven_pattern
from ._diagonal import DIAGONAL_CHUNK, HessianOutput
from ._failure import Failure
from ._hessian import gradient
from ._pattern import Pattern, given_pattern
from ._point import output_shapes, size
from ._probing import probed_pattern
from ._strategy import Strategy, Way


def find_pattern(f: Callable[[Any], Any], x: PyTree[Array], sparsity: Any = None) -> Pattern:
    """Find where the Jacobian of `f` may be other than zero.

    Args:
        f: Function of one pytree.
        x: A checked point. Where nothing is given or proven, its values are used, and the
            pattern found from them holds for this point only.
        sparsity: A pattern as a user gives it; None for none.

    Raises:
        ImportError: asdex is not installed.
        TypeError: The given pattern is of a kind that is not read.
        ValueError: The given pattern does not fit; or none is given, none can be proven, and `x`
            is traced, so that there are no values to probe.
    """
    import_asdex()
    if sparsity is not None:
        return given_pattern(sparsity, (size(output_shapes(f, x)), size(x)))
    found = proven_pattern(f, x)
    if not isinstance(found, Failure):
        return found
    if any(isinstance(leaf, core.Tracer) for leaf in jax.tree.leaves(x)):
        raise ValueError(
            "`batching='colored'` can't tell where this derivative is zero for every `x`, and"
            " while `x` is traced there are no values to look at. Pass `sparsity=`, or use another"
            f" batching. ({found.message})"
        )
    return probed_pattern(f, x)


def with_coloring(
    strategy: Strategy,
    f: Callable[[Any], Any],
    x: PyTree[Array],
    sparsity: Any = None,
    *,
    diagonal: bool = False,
) -> Strategy:
    """Return a colored strategy with its coloring, and its mode if that is open.

    An open mode, None for a Jacobian, becomes the one of fewest passes. With `diagonal`, the
    coloring is for the diagonal of a Hessian alone.

    Raises:
        ImportError: asdex is not installed.
        TypeError: As `find_pattern`.
        ValueError: As `find_pattern`.
    """
    if strategy.quantity == "hessian":
        pattern = find_pattern(gradient(f), x, sparsity)
        return replace(strategy, coloring=color(pattern, "diagonal" if diagonal else "symmetric"))
    pattern = find_pattern(f, x, sparsity)
    if strategy.mode is not None:
        return replace(strategy, coloring=color(pattern, direction_of(strategy.mode)))
    modes: tuple[ColoredMode, ...] = ("forward", "reverse", "mixed")
    found = [replace(strategy, mode=mode, coloring=color(pattern, mode)) for mode in modes]
    return min(found, key=lambda each: each.passes(size(x), pattern.shape[0], 1))


def densely(
    strategy: Strategy, f: Callable[[Any], Any], x: PyTree[Array], output: HessianOutput
) -> Strategy:
    """Return the dense strategy to a colored one: as a coloring of a full pattern for `bcoo`."""
    if output == "diagonal":
        chunk = strategy.chunk_size or DIAGONAL_CHUNK
        return replace(strategy, batching="chunked", chunk_size=chunk, coloring=None)
    if output == "dense":
        way: Way = "vmap" if strategy.chunk_size is None else "chunked"
        mode = None if strategy.quantity == "hessian" else strategy.mode
        forward = mode == "mixed"
        return replace(strategy, mode="forward" if forward else mode, batching=way, coloring=None)
    n_out = size(x) if strategy.quantity == "hessian" else size(output_shapes(f, x))
    full = given_pattern(np.ones((n_out, size(x)), bool), (n_out, size(x)))
    return replace(strategy, coloring=color(full, direction_of(strategy.mode)))


def direction_of(mode: str | None) -> Direction:
    """Return what a mode colors; the mode of a Hessian is None."""
    match mode:
        case None:
            return "symmetric"
        case "reverse" | "mixed":
            return mode
        case _:
            return "forward"
