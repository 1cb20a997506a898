"""Builders of a whole Jacobian: forward or linearized by columns, in reverse by rows.

All take a resolved mode and batching; `jacoscope.jacobian` chooses. The columns of a forward
Jacobian come out along the last axis and the rows of a reverse one along the first, which is
where `jax.jacfwd` has them, so no transposed copy of the whole is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, assert_never

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._basis import basis_vector
from ._batching import Batching, batched
from ._point import checked, size
from ._products import pushforward

Mode = Literal["forward", "reverse", "linearize"]


def build_jacobian(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    *,
    mode: Mode,
    batching: Batching,
    chunk_size: int | None = None,
) -> PyTree[Array]:
    """Build the Jacobian of `f` at `x`, structured as `jax.jacfwd(f)(x)` is.

    Args:
        f: Function of one pytree.
        x: Point, checked by `as_point`.
        mode: `forward`, one JVP a column; `linearize`, the same from one linearization that all
            columns share and that keeps residuals; or `reverse`, one VJP a row.
        batching: How the passes are applied.
        chunk_size: Passes at once, for `chunked`.

    Returns:
        For each leaf of `f(x)` a pytree like `x`, each leaf `(*y.shape, *x.shape)`.

    Raises:
        TypeError: `f(x)` is not floating point.
        ValueError: The batching is not one of the four, or the chunk size is off.
    """
    match mode:
        case "forward" | "linearize":
            product = pushforward(f, x) if mode == "forward" else jax.linearize(checked(f), x)[1]
            return build_columns(product, x, batching=batching, chunk_size=chunk_size)
        case "reverse":
            return _build_rows(f, x, batching=batching, chunk_size=chunk_size)
        case never:
            assert_never(never)


def build_columns(
    product: Callable[[Any], PyTree[Array]],
    x: PyTree[Array],
    *,
    batching: Batching,
    chunk_size: int | None,
) -> PyTree[Array]:
    """Build the matrix of a linear map from its products with the standard basis.

    Args:
        product: The linear map, from a pytree like `x` to a pytree of arrays.
        x: A pytree of arrays with n numbers.
        batching: How the n products are applied.
        chunk_size: Products at once, for `chunked`.

    Returns:
        For each leaf of the product a pytree like `x`, each leaf `(*leaf.shape, *x.shape)`.
    """
    n_in = size(x)
    columns = batched(
        lambda i: product(basis_vector(x, i)),
        jnp.arange(n_in),
        n_in,
        batching=batching,
        chunk_size=chunk_size,
        axis=-1,
    )
    return jax.tree.map(lambda leaf: _split(leaf, x, axis=-1), columns)


def _build_rows(
    f: Callable[[Any], Any], x: PyTree[Array], *, batching: Batching, chunk_size: int | None
) -> PyTree[Array]:
    y, pullback = jax.vjp(checked(f), x)
    y = jax.tree.map(jnp.asarray, y)
    n_out = size(y)
    rows = batched(
        lambda i: pullback(basis_vector(y, i))[0],
        jnp.arange(n_out),
        n_out,
        batching=batching,
        chunk_size=chunk_size,
        axis=0,
    )
    outer, inner = jax.tree.structure(y), jax.tree.structure(x)
    return jax.tree.transpose(inner, outer, jax.tree.map(lambda leaf: _split(leaf, y, 0), rows))


def _split(whole: Array, like: PyTree[Array], axis: Literal[0, -1]) -> PyTree[Array]:
    """Cut the first or last axis of `whole` into the leaves of `like`, each in its shape."""
    leaves, structure = jax.tree.flatten(like)
    cuts = np.cumsum([leaf.size for leaf in leaves])[:-1]
    parts = jnp.split(whole, cuts, axis) if len(leaves) > 1 else [whole]
    shaped = [
        part.reshape(
            (*leaf.shape, *part.shape[1:]) if axis == 0 else (*part.shape[:-1], *leaf.shape)
        )
        for part, leaf in zip(parts, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, shaped)
