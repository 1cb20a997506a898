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
from ._batching import Batching, batched, batched_with_aux
from ._point import checked_pair, size
from ._products import pushforward_with_aux

Mode = Literal["forward", "reverse", "linearize"]


def build_jacobian(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    *,
    mode: Mode,
    batching: Batching,
    chunk_size: int | None = None,
    has_aux: bool = False,
) -> Any:
    """Build the Jacobian of `f` at `x`, structured as `jax.jacfwd(f)(x)` is.

    Args:
        f: Function of one pytree.
        x: Point, checked by `as_point`.
        mode: `forward`, one JVP a column; `linearize`, the same from one linearization that all
            columns share and that keeps residuals; or `reverse`, one VJP a row.
        batching: How the passes are applied.
        chunk_size: Passes at once, for `chunked`.
        has_aux: Whether `f` returns `(y, aux)`; the passes then bring aux with them.

    Returns:
        For each leaf of `f(x)` a pytree like `x`, each leaf `(*y.shape, *x.shape)`; with
        `has_aux` the pair of it and aux.

    Raises:
        TypeError: `f(x)` is not floating point, or no pair where it has to be one.
        ValueError: The batching is not one of the four, or the chunk size is off.
    """
    g = checked_pair(f, has_aux=has_aux)
    match mode:
        case "forward":
            push = pushforward_with_aux(g, x)
            jacobian, aux = _columns(push, x, batching=batching, chunk_size=chunk_size)
        case "linearize":
            _, product, aux = jax.linearize(g, x, has_aux=True)
            jacobian = build_columns(product, x, batching=batching, chunk_size=chunk_size)
        case "reverse":
            y, pullback, aux = jax.vjp(g, x, has_aux=True)
            jacobian = _rows(pullback, x, y, batching=batching, chunk_size=chunk_size)
        case never:
            assert_never(never)
    return (jacobian, aux) if has_aux else jacobian


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
    matrix, _ = _columns(lambda v: (product(v), None), x, batching=batching, chunk_size=chunk_size)
    return matrix


def _columns(
    push: Callable[[Any], tuple[PyTree[Array], Any]],
    x: PyTree[Array],
    *,
    batching: Batching,
    chunk_size: int | None,
) -> tuple[PyTree[Array], Any]:
    """Build the matrix of `build_columns` and what each product brings with it."""
    n_in = size(x)
    columns, aux = batched_with_aux(
        lambda i: push(basis_vector(x, i)),
        jnp.arange(n_in),
        n_in,
        batching=batching,
        chunk_size=chunk_size,
        axis=-1,
    )
    return jax.tree.map(lambda leaf: _split(leaf, x, axis=-1), columns), aux


def _rows(
    pullback: Callable[[Any], Any],
    x: PyTree[Array],
    y: PyTree[Any],
    *,
    batching: Batching,
    chunk_size: int | None,
) -> PyTree[Array]:
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
