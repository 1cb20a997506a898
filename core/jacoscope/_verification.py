"""Whether a sparse result is the whole derivative: held against a product with a random vector.

An entry that the pattern lacks shows twice. It adds to a place of the compressed products where
nothing should be, unless another entry is read from there; and it is missing from the product of
the result with a random vector, which one more pass computes without the pattern.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._coloring import Coloring, Seeds
from ._compression import Compressed

_NOISE = 100  # roundings


def fault(
    compressed: Compressed,
    data: Array,
    coloring: Coloring,
    product: Callable[[Any], PyTree[Array]],
    like: PyTree[Any],
    *,
    forward: bool,
) -> str:
    """Say where a sparse result is not the whole derivative.

    Args:
        compressed: The products it was read from.
        data: Its entries, `(nnz,)`.
        coloring: What they are entries of.
        product: The linear map, or its transpose.
        like: What it is applied to.
        forward: Whether it is the map itself.

    Returns:
        Where, in words; empty where no fault was found.
    """
    pattern = coloring.pattern
    of_rows = "output", pattern.rows, pattern.cols
    of_columns = "input", pattern.cols, pattern.rows
    for matrix, seeds, (name, places, others) in (
        (compressed.forward, coloring.columns, of_rows),
        (compressed.reverse, coloring.rows, of_columns),
    ):
        if matrix is not None and seeds is not None:
            place = _stray(matrix, seeds, places, others)
            if place is not None:
                return f"{name} {place}"
    name, places, others = of_rows if forward else of_columns
    v = _random_like(like)
    exact = _flat(product(v))
    values, factors = np.asarray(data, np.float64), _flat(v)[others]
    ours = np.bincount(places, values * factors, minlength=len(exact))
    scale = np.bincount(places, np.abs(values * factors), minlength=len(exact))
    both = np.isfinite(ours) & np.isfinite(exact)
    epsilon = float(jnp.finfo(data.dtype).eps)
    largest = scale[both].max(initial=0.0)
    allowed = np.sqrt(epsilon) * scale + _NOISE * epsilon * largest
    wrong = (np.isfinite(ours) != np.isfinite(exact)) | (
        both & (np.abs(np.where(both, ours - exact, 0.0)) > allowed)
    )
    return f"{name} {int(wrong.argmax())}" if wrong.any() else ""


def _stray(matrix: Array, seeds: Seeds, places: np.ndarray, others: np.ndarray) -> int | None:
    """Find a nonzero where, by the pattern, no entry contributes."""
    values = np.abs(np.asarray(matrix, np.float64))
    expected = np.zeros(values.shape, bool)
    lanes = seeds.colors[others]
    expected[lanes[lanes >= 0], places[lanes >= 0]] = True
    finite = values[np.isfinite(values)]
    noise = _NOISE * float(jnp.finfo(matrix.dtype).eps) * finite.max(initial=0.0)
    stray = ~expected & ~(values <= noise)
    return int(np.nonzero(stray)[1][0]) if stray.any() else None


def _random_like(tree: PyTree[Any]) -> PyTree[Array]:
    leaves, structure = jax.tree.flatten(tree)
    rng = np.random.default_rng(0)
    return jax.tree.unflatten(
        structure, [jnp.asarray(rng.standard_normal(leaf.shape), leaf.dtype) for leaf in leaves]
    )


def _flat(tree: PyTree[Array]) -> np.ndarray:
    leaves = jax.tree.leaves(tree)
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in leaves])
