"""The public `jacobian_chunks`: which blocks, in which mode, and how large so that they fit."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Literal, get_args

import jax
import numpy as np
from jax import core
from jaxtyping import Array, PyTree

from ._advice import textbook_mode
from ._batching import check_chunk_size
from ._chunks import JacobianChunks
from ._failure import explained
from ._jacobian import Mode
from ._limits import MemoryLimitError, largest_chunk, read_bytes
from ._matrix import leaf_blocks
from ._passes import Passes
from ._point import output_shapes, size, unary
from ._shortlist import CHUNK_SIZES, rank
from ._strategy import Strategy

_BLOCK_BYTES = 2**24  # from twice that on, each new one waits for the system's pages
_MOST_PASSES = max(CHUNK_SIZES)


def jacobian_chunks(
    f: Callable[..., Any],
    x: PyTree[Any],
    mode: Mode | Literal["auto"] = "auto",
    chunk_size: int | None = None,
    memory_limit: int | str | None = None,
    argnums: int | tuple[int, ...] = 0,
    start: int = 0,
    stop: int | None = None,
) -> JacobianChunks:
    """Hand the Jacobian of `f` at `x` out in blocks, for one that is larger than memory.

    Each block is a part of the matrix that `as_matrix` would lay out: rows in reverse mode,
    columns in forward mode. Write them to a file, or reduce them, and let them go: JᵀJ is the sum
    of BᵀB over blocks of rows. One program computes them all, so that a block is the same whether
    those before it were computed or not: after an interruption go on at `start`, or with
    `chunks[done:]`.

    Args:
        f: Function of one pytree, one that `jax.jit` takes; of several arguments with `argnums`.
        x: Point, a pytree of floating-point arrays, n numbers in all; with `argnums` other than 0
            the tuple of all arguments. Blocks are computed where it is.
        mode: `reverse`, m VJPs, gives rows; `forward` or `linearize`, n JVPs, gives columns;
            `auto` takes the one of the least estimate that fits.
        chunk_size: Rows or columns of a block; None for those of 16 MiB, but 128 at most, made
            even, and fewer where `memory_limit` asks for it.
        memory_limit: Bytes, or a text such as "2GB", for point, residuals, temporaries and two
            blocks, as XLA predicts them: the one that is computed, and one that you still hold.
        argnums: Which arguments are differentiated, as for `jacobian`.
        start: The first row or column.
        stop: One past the last row or column; None for all that there are.

    Returns:
        A sequence of pairs `(slices, values)`, with `mode`, `chunk_size`, `shape`, `dtype` and
        `block_shape`. Nothing is computed before a block is asked for, but all is compiled.

    Raises:
        TypeError: `x` or `f(x)` is not floating point or is traced, or `f` is not a function.
        ValueError: The mode is unknown, or the chunk size, `start` or `stop` is off.
        MemoryLimitError: Blocks of that size, or of one row or column, need more than
            `memory_limit`.

    >>> import jax.numpy as jnp
    >>> whole = np.zeros((3, 3))
    >>> for slices, values in jacobian_chunks(lambda x: x**2, jnp.arange(3.0), chunk_size=2):
    ...     whole[slices] = values
    >>> whole.diagonal().tolist()
    [0.0, 2.0, 4.0]
    """
    if mode not in ("auto", *get_args(Mode)):
        words = ", ".join(("auto", *get_args(Mode)))
        raise ValueError(f"`mode` must be one of {words}, but got {mode!r}.")
    check_chunk_size(chunk_size)
    limit = None if memory_limit is None else read_bytes(memory_limit)
    g, point = unary(f, x, argnums)
    if any(isinstance(leaf, core.Tracer) for leaf in jax.tree.leaves(point)):
        raise TypeError(
            "`x` must be concrete, but is traced, and blocks are handed out one by one. Call"
            " `jacobian_chunks` outside of `jax.jit`, or use `jacobian(..., chunk_size=...)`."
        )
    with explained():
        y = output_shapes(g, point)
        ways = _ways(mode, g, point, y, chunk_size)
        passes, chunk = _fitting(ways, g, point, y, limit, free=chunk_size is None)
    last = passes.count if stop is None else _index(stop, "stop", passes, passes.count)
    first = _index(start, "start", passes, last)
    leaves = jax.tree_util.tree_leaves_with_path
    return JacobianChunks(
        mode=passes.mode,
        shape=(size(y), size(point)),
        dtype=np.dtype(passes.keep(chunk)),
        chunk_size=chunk,
        start=first,
        stop=last,
        row_blocks=leaf_blocks(leaves(y), "y"),
        column_blocks=leaf_blocks(leaves(point), "x"),
        predicted_bytes=passes.predicted_bytes(chunk),
        _passes=passes,
    )


def _ways(
    mode: Mode | Literal["auto"],
    f: Callable[[Any], Any],
    x: PyTree[Array],
    y: PyTree[Any],
    chunk_size: int | None,
) -> list[tuple[Mode, int]]:
    """List modes with the passes of a block of each, the mode of the least estimate first."""
    ways: list[tuple[Mode, int]] = []
    for each in get_args(Mode) if mode == "auto" else (mode,):
        count, vector = (size(y), x) if each == "reverse" else (size(x), y)
        ways.append((each, max(1, min(chunk_size or _usual_chunk(count, vector), count))))
    if mode != "auto":
        return ways
    strategies = [Strategy("jacobian", each, "chunked", chunk) for each, chunk in ways]
    order = [each.strategy.mode for each in rank(strategies, f, (x,))]
    order = order or [textbook_mode(size(x), size(y))]
    return sorted((way for way in ways if way[0] in order), key=lambda way: order.index(way[0]))


def _usual_chunk(count: int, vector: PyTree[Any]) -> int:
    """Return how many of `count` rows or columns make a block; each is like `vector`."""
    bytes_each = size(vector) * max(leaf.dtype.itemsize for leaf in jax.tree.leaves(vector))
    return _even(count, min(_MOST_PASSES, _BLOCK_BYTES // max(bytes_each, 1)))


def _even(count: int, most: int) -> int:
    """Return the size of the fewest blocks of at most so many, all but the last of one size."""
    most = max(most, 1)
    return -(-count // max(-(-count // most), 1))


def _fitting(
    ways: list[tuple[Mode, int]],
    f: Callable[[Any], Any],
    x: PyTree[Array],
    y: PyTree[Any],
    limit_bytes: int | None,
    *,
    free: bool,
) -> tuple[Passes, int]:
    """Return the first mode that fits, and the passes of a block; fewer of them if `free`.

    Raises:
        MemoryLimitError: None fits; it says what the one that needs least needs.
    """
    refusals: list[MemoryLimitError] = []
    for mode, chunk in ways:
        passes = Passes(f, x, y, mode)
        needed = passes.predicted_bytes(chunk)
        if limit_bytes is None or needed is None or needed <= limit_bytes:
            return passes, chunk
        predict = passes.predicted_bytes
        if free:
            fewer = fewer_at_once(predict, passes.count, chunk, limit_bytes)
            if fewer is not None:
                return passes, fewer
            refusals.append(MemoryLimitError(predict(1), limit_bytes, None))
        else:
            largest = largest_chunk(predict, chunk, limit_bytes)
            refusals.append(MemoryLimitError(needed, limit_bytes, largest))
    raise min(refusals, key=lambda each: each.needed_bytes or 0)


def fewer_at_once(
    predict: Callable[[int], int | None], count: int, most: int, limit_bytes: int
) -> int | None:
    """Return the size of the fewest blocks that fit, of one size where that fits as well.

    Args:
        predict: From the passes of a block to predicted bytes.
        count: All passes.
        most: Passes of a block that does not fit.
        limit_bytes: The limit.

    Returns:
        The passes of a block; None where not even one fits.
    """
    largest = largest_chunk(predict, most, limit_bytes)
    if largest is None:
        return None
    even = _even(count, largest)
    needed = predict(even)
    return even if needed is not None and needed <= limit_bytes else largest


def _index(value: int, name: str, passes: Passes, most: int) -> int:
    """Return `start` or `stop` as a plain integer.

    Raises:
        ValueError: It is not an integer from 0 to `most`.
    """
    try:
        index = operator.index(value)
    except TypeError:
        index = -1
    if isinstance(value, bool) or not 0 <= index <= most:
        what = "row" if passes.axis == 0 else "column"
        raise ValueError(
            f"`{name}` must be the index of a {what}, from 0 to {most}, but got {value!r}."
        )
    return index
