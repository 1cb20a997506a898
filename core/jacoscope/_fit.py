"""Within a memory limit: what a strategy needs by prediction, and its largest form that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
from jaxtyping import PyTree

from ._cost import lower_program
from ._diagonal import HessianOutput
from ._limits import MemoryLimitError, largest_chunk
from ._point import size
from ._program import program
from ._shares import Shares
from ._spread import arranged
from ._strategy import Strategy, Way
from ._walk import visits

_MOST_BYTES = 2**62


def predict_bytes(
    strategy: Strategy,
    f: Callable[[Any], Any],
    arguments: tuple[Any, ...],
    output: HessianOutput = "dense",
    shares: Shares | None = None,
) -> int | None:
    """Return XLA's prediction for a strategy, from the shapes of its arguments; nothing runs.

    It is that of one device, of a sharded strategy of each of those that `shares` has. Of an array
    that XLA can't count, at which it ends the process, its bytes are returned.
    """
    if shares is not None:
        arguments = arranged(shares, arguments)
    lowered = lower_program(program(strategy, f, output, shares=shares), arguments)
    largest = _largest_bytes(lowered.traced.jaxpr.jaxpr)
    return largest if largest > _MOST_BYTES else lowered.compile()[1].predicted_bytes


def _largest_bytes(jaxpr: Any) -> int:
    """Return the bytes of the largest array that a jaxpr makes."""
    return max(
        (
            var.aval.size * var.aval.dtype.itemsize
            for visit in visits(jaxpr, lambda branch: 0.0)
            for var in visit.equation.outvars
            if hasattr(var.aval, "dtype")
        ),
        default=0,
    )


def fitting_chunk(
    strategy: Strategy,
    f: Callable[[Any], Any],
    arguments: tuple[Any, ...],
    passes: int,
    limit_bytes: int,
    output: HessianOutput = "dense",
    shares: Shares | None = None,
) -> int | None:
    """Return the largest chunk size of a strategy's mode that fits; None where none does."""
    way: Way = "colored" if strategy.batching == "colored" else "chunked"
    plain = replace(strategy, builtin=None, batching=way)
    return largest_chunk(
        lambda count: predict_bytes(replace(plain, chunk_size=count), f, arguments, output, shares),
        passes if shares is None else -(-passes // shares.mesh.size),
        limit_bytes,
    )


def fitting(
    strategy: Strategy,
    f: Callable[[Any], Any],
    arguments: tuple[Any, ...],
    passes: int,
    limit_bytes: int,
    output: HessianOutput = "dense",
    shares: Shares | None = None,
) -> Strategy | None:
    """Return the fewest chunks of a strategy's mode that fit, else one pass at a time.

    Chunks are of one size where that fits as well: with the largest that fits, the last one would
    do passes once more. A map keeps less at once than chunks of one do, which are written into the
    result. None where not even that fits.
    """
    chunk = fitting_chunk(strategy, f, arguments, passes, limit_bytes, output, shares)
    passes = passes if shares is None else -(-passes // shares.mesh.size)
    way: Way = "colored" if strategy.batching == "colored" else "chunked"
    if chunk is not None:
        largest = replace(strategy, builtin=None, batching=way, chunk_size=chunk)
        even = replace(largest, chunk_size=-(-passes // -(-passes // chunk)))
        needed = None if even == largest else predict_bytes(even, f, arguments, output, shares)
        return even if needed is not None and needed <= limit_bytes else largest
    if way == "colored" or output == "diagonal":
        return None
    single = replace(strategy, builtin=None, batching="map", chunk_size=None)
    needed = predict_bytes(single, f, arguments, output, shares)
    return single if needed is not None and needed <= limit_bytes else None


def within(
    strategy: Strategy,
    f: Callable[[Any], Any],
    x: PyTree[Any],
    limit_bytes: int,
    *,
    free: bool,
    output: HessianOutput = "dense",
    shares: Shares | None = None,
) -> Strategy:
    """Return the strategy if it fits, or the largest form of its mode that does, if it may change.

    Args:
        strategy: A Jacobian or a Hessian.
        f: Function of one pytree.
        x: The point; its shapes are all that is used, so it may be traced.
        limit_bytes: The limit, for arguments, result and temporaries.
        free: Whether another batching, or chunks of colors, may be taken.
        output: What is built.
        shares: The devices that share the passes of a sharded strategy; the limit is of each.

    Raises:
        MemoryLimitError: It does not fit, and may not be changed or can't be made to fit.
    """
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), x)
    needed = predict_bytes(strategy, f, (shapes,), output, shares)
    if needed is None or needed <= limit_bytes:
        return strategy
    passes = strategy.passes(size(shapes), _n_out(f, shapes), 1)
    asked = strategy, f, (shapes,), passes, limit_bytes, output, shares
    made = fitting(*asked) if free else None
    if made is not None:
        return made
    chunk = None if free else fitting_chunk(*asked)
    raise MemoryLimitError(needed, limit_bytes, chunk)


def _n_out(f: Callable[[Any], Any], shapes: PyTree[Any]) -> int:
    return size(jax.eval_shape(f, shapes))
