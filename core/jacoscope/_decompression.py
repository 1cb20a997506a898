"""From compressed products to the sparse derivative: gathered, and put in their places.

The values go straight from the products into the dense result, or into a `BCOO`: filling the
result with zeros is then what takes the time, not the scatter.
"""

from __future__ import annotations

from typing import Any, Literal, assert_never

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO
from jaxtyping import Array, PyTree

from ._coloring import Coloring
from ._compression import Compressed
from ._point import size
from ._shares import Axis, Shares

Output = Literal["dense", "bcoo"]


def gather(compressed: Compressed, coloring: Coloring) -> Array:
    """Read the entries of the pattern, `(nnz,)`, out of the compressed products."""
    parts = [each for each in (compressed.forward, compressed.reverse) if each is not None]
    if len(parts) == 1:
        return _at(parts[0], coloring.lane, coloring.place)
    assert compressed.forward is not None
    assert compressed.reverse is not None
    by_row = coloring.by_row
    dtype = jnp.result_type(*parts)
    data = [
        _at(part, coloring.lane[mask], coloring.place[mask]).astype(dtype)
        for part, mask in ((compressed.forward, ~by_row), (compressed.reverse, by_row))
    ]
    order = np.argsort(np.concatenate([np.nonzero(~by_row)[0], np.nonzero(by_row)[0]]))
    return jnp.concatenate(data)[order]


def assemble(
    data: Array,
    coloring: Coloring,
    x: PyTree[Any],
    y: PyTree[Any],
    output: Output,
    shares: Shares | None = None,
) -> PyTree[Any]:
    """Put the entries in their places, structured as `jax.jacfwd` structures it.

    Args:
        data: The entries, `(nnz,)`.
        coloring: What they are entries of.
        x: The point or its shapes.
        y: The output or its shapes.
        output: `dense`, or `bcoo` for a `BCOO` a block.
        shares: The devices of which each has all entries and makes its part, of a dense one.

    Returns:
        For each leaf of `y` a pytree like `x`, each leaf `(*y.shape, *x.shape)`.
    """
    inputs, inner = jax.tree.flatten(x)
    outputs, outer = jax.tree.flatten(y)
    pattern = coloring.pattern
    row_ends, col_ends = (
        np.cumsum([0, *(size(leaf) for leaf in leaves)]) for leaves in (outputs, inputs)
    )
    its_row = np.searchsorted(row_ends, pattern.rows, "right") - 1
    its_col = np.searchsorted(col_ends, pattern.cols, "right") - 1
    blocks = []
    for i, leaf in enumerate(outputs):
        line = []
        for j, other in enumerate(inputs):
            (inside,) = np.nonzero((its_row == i) & (its_col == j))
            whole = len(outputs) == len(inputs) == 1
            dtype = other.dtype if coloring.columns is None else leaf.dtype
            line.append(
                _block(
                    (data if whole else data[inside]).astype(dtype),
                    pattern.rows[inside] - row_ends[i],
                    pattern.cols[inside] - col_ends[j],
                    leaf.shape,
                    other.shape,
                    output,
                    None if shares is None else (shares, coloring.columns is None),
                )
            )
        blocks.append(jax.tree.unflatten(inner, line))
    return jax.tree.unflatten(outer, blocks)


def _at(matrix: Array, lane: np.ndarray, place: np.ndarray) -> Array:
    if matrix.size < 2**31:
        flat = (lane.astype(np.int64) * matrix.shape[1] + place).astype(np.int32)
        return matrix.reshape(-1).at[flat].get(mode="promise_in_bounds")
    places = lane.astype(np.int32), place.astype(np.int32)
    return matrix.at[places].get(mode="promise_in_bounds")


def _block(
    data: Array,
    rows: np.ndarray,
    cols: np.ndarray,
    y_shape: tuple[int, ...],
    x_shape: tuple[int, ...],
    output: Output,
    shared: tuple[Shares, bool] | None,
) -> Array | BCOO:
    shape = (*y_shape, *x_shape)
    if output == "dense" and shared is not None:
        return _part(data, rows, cols, y_shape, x_shape, *shared)
    n_out, n_in = int(np.prod(y_shape)), int(np.prod(x_shape))
    match output:
        case "dense":
            flat = jnp.zeros((n_out, n_in), data.dtype)
            places = rows.astype(np.int32), cols.astype(np.int32)
            filled = flat.at[places].set(
                data, indices_are_sorted=True, unique_indices=True, mode="promise_in_bounds"
            )
            return filled.reshape(shape)
        case "bcoo":
            places = (*np.unravel_index(rows, y_shape or (1,)),) * bool(y_shape)
            places += (*np.unravel_index(cols, x_shape or (1,)),) * bool(x_shape)
            indices = np.stack(places, 1) if places else np.zeros((len(rows), 0))
            return BCOO(
                (data, jnp.asarray(indices, jnp.int32)),
                shape=shape,
                indices_sorted=True,
                unique_indices=True,
            )
        case never:
            assert_never(never)


def _part(
    data: Array,
    rows: np.ndarray,
    cols: np.ndarray,
    y_shape: tuple[int, ...],
    x_shape: tuple[int, ...],
    shares: Shares,
    by_rows: bool,
) -> Array:
    """Put the entries of this device's part of a dense block in their places."""
    axis: Axis = 0 if by_rows else -1
    basis, other = (y_shape, x_shape) if by_rows else (x_shape, y_shape)
    starts, local = shares.window(basis, other, axis)
    places: list[Any] = []
    if y_shape:
        places += np.unravel_index(rows, y_shape)
    if x_shape:
        places += np.unravel_index(cols, x_shape)
    inside = [
        jnp.where((place >= start) & (place < start + length), place - start, length)
        for place, start, length in zip(places, starts, local, strict=True)
    ]
    return (
        jnp.zeros(local, data.dtype)
        .at[tuple(inside)]
        .set(data if places else data.sum(), mode="drop")
    )
