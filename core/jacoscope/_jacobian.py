"""Builders of a whole Jacobian: forward or linearized by columns, in reverse by rows.

All take a resolved mode and batching; `jacoscope.jacobian` chooses. The columns of a forward
Jacobian come out along the last axis and the rows of a reverse one along the first, which is
where `jax.jacfwd` has them, so no transposed copy of the whole is made.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any, Literal, assert_never

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._basis import basis_vector
from ._batching import Batching, batched_with_aux
from ._point import checked_pair
from ._products import pushforward_with_aux
from ._shares import Shares

Mode = Literal["forward", "reverse", "linearize"]

_MANY_PASSES = 512  # below, a program more to compile is worth more than a copy of the matrix
_LARGE = 0.25  # of all numbers: a leaf that is given passes of its own


def build_jacobian(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    *,
    mode: Mode,
    batching: Batching,
    chunk_size: int | None = None,
    has_aux: bool = False,
    shares: Shares | None = None,
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
        shares: The devices that share the passes, where this is called by each of them.

    Returns:
        For each leaf of `f(x)` a pytree like `x`, each leaf `(*y.shape, *x.shape)`; with
        `has_aux` the pair of it and aux. With `shares`, this device's part of each leaf.

    Raises:
        TypeError: `f(x)` is not floating point, or no pair where it has to be one.
        ValueError: The batching is not one of the four, or the chunk size is off.
    """
    g = checked_pair(f, has_aux=has_aux)
    match mode:
        case "forward":
            push = pushforward_with_aux(g, x)
            jacobian, aux = _columns(push, x, batching, chunk_size, shares)
        case "linearize":
            _, product, aux = jax.linearize(g, x, has_aux=True)
            jacobian = build_columns(
                product, x, batching=batching, chunk_size=chunk_size, shares=shares
            )
        case "reverse":
            y, pullback, aux = jax.vjp(g, x, has_aux=True)
            jacobian = _rows(pullback, x, y, batching, chunk_size, shares)
        case never:
            assert_never(never)
    return (jacobian, aux) if has_aux else jacobian


def build_columns(
    product: Callable[[Any], PyTree[Array]],
    x: PyTree[Array],
    *,
    batching: Batching,
    chunk_size: int | None,
    shares: Shares | None = None,
) -> PyTree[Array]:
    """Build the matrix of a linear map from its products with the standard basis.

    Args:
        product: The linear map, from a pytree like `x` to a pytree of arrays.
        x: A pytree of arrays with n numbers.
        batching: How the n products are applied.
        chunk_size: Products at once, for `chunked`.
        shares: As for `build_jacobian`.

    Returns:
        For each leaf of the product a pytree like `x`, each leaf `(*leaf.shape, *x.shape)`.
    """
    matrix, _ = _columns(lambda v: (product(v), None), x, batching, chunk_size, shares)
    return matrix


def _columns(
    push: Callable[[Any], tuple[PyTree[Array], Any]],
    x: PyTree[Array],
    batching: Batching,
    chunk_size: int | None,
    shares: Shares | None,
) -> tuple[PyTree[Array], Any]:
    """Build the matrix of `build_columns` and what each product brings with it."""
    return _blocks(
        lambda i: push(basis_vector(x, i)),
        x,
        batching=batching,
        chunk_size=chunk_size,
        axis=-1,
        shares=shares,
    )


def _rows(
    pullback: Callable[[Any], Any],
    x: PyTree[Array],
    y: PyTree[Any],
    batching: Batching,
    chunk_size: int | None,
    shares: Shares | None,
) -> PyTree[Array]:
    y = jax.tree.map(jnp.asarray, y)
    rows, _ = _blocks(
        lambda i: (pullback(basis_vector(y, i))[0], None),
        y,
        batching=batching,
        chunk_size=chunk_size,
        axis=0,
        shares=shares,
    )
    outer, inner = jax.tree.structure(y), jax.tree.structure(x)
    return jax.tree.transpose(inner, outer, rows)


def _blocks(
    product: Callable[[Any], tuple[PyTree[Array], Any]],
    like: PyTree[Array],
    *,
    batching: Batching,
    chunk_size: int | None,
    axis: Literal[0, -1],
    shares: Shares | None,
) -> tuple[PyTree[Array], Any]:
    """Apply a product to the basis of `like`, and cut what comes out into the leaves of `like`.

    Cutting copies, so that the matrix is there twice. Where passes are many and come one after the
    other, each large leaf is therefore given passes, and a matrix, of its own.

    Args:
        product: From a basis vector's index to a pytree of arrays, and what comes with it.
        like: A pytree of arrays, of n numbers in all.
        batching: As for `batched`.
        chunk_size: As for `batched`.
        axis: Where the new axis goes, as for `batched`.
        shares: As for `build_jacobian`.

    Returns:
        For each leaf of the product a pytree like `like`, each leaf `(*product.shape, *like.shape)`
        with `axis` −1 and `(*like.shape, *product.shape)` with 0; and what comes with one product.
    """
    leaves, structure = jax.tree.flatten(like)
    offsets = [0, *accumulate(leaf.size for leaf in leaves)]
    in_turns = batching in ("map", "chunked") and offsets[-1] >= _MANY_PASSES
    blocks: dict[tuple[int, int], Array] = {}  # by leaf of the product, and leaf of `like`
    outer, aux = jax.tree.structure(None), None
    for group in _groups(leaves) if in_turns else [list(range(len(leaves)))]:
        if shares is not None:
            own = [shares.indices(leaves[i].shape, offsets[i], offsets[-1]) for i in group]
            indices = jnp.concatenate(own)
        elif len(group) == len(leaves):
            indices = jnp.arange(offsets[-1])
        else:
            indices = jnp.concatenate([jnp.arange(offsets[i], offsets[i + 1]) for i in group])
        matrix, aux = batched_with_aux(
            product,
            indices,
            len(indices),
            batching=batching,
            chunk_size=chunk_size,
            axis=axis,
        )
        wholes, outer = jax.tree.flatten(matrix)
        for place, whole in enumerate(wholes):
            parts = _split(whole, [leaves[each] for each in group], axis, shares)
            blocks |= {(place, each): part for each, part in zip(group, parts, strict=True)}
    rows = [
        jax.tree.unflatten(structure, [blocks[place, each] for each in range(len(leaves))])
        for place in range(outer.num_leaves)
    ]
    return jax.tree.unflatten(outer, rows), aux


def _groups(leaves: list[Array]) -> list[list[int]]:
    """Return the places of leaves that share their passes: the large alone, the small together."""
    large = _LARGE * sum(leaf.size for leaf in leaves)
    alone = [[place] for place, leaf in enumerate(leaves) if leaf.size > large]
    small = [place for place, leaf in enumerate(leaves) if leaf.size <= large]
    return [*alone, small] if small else alone


def _split(
    whole: Array, leaves: list[Array], axis: Literal[0, -1], shares: Shares | None
) -> list[Array]:
    """Cut the first or last axis of `whole` into parts for `leaves`, each in its shape."""
    sizes = [leaf.size if shares is None else shares.count(leaf.shape) for leaf in leaves]
    parts = jnp.split(whole, np.cumsum(sizes)[:-1], axis) if len(leaves) > 1 else [whole]
    if shares is not None:
        other = whole.shape[1:] if axis == 0 else whole.shape[:-1]
        return [
            shares.settle(part, leaf.shape, other, axis)
            for part, leaf in zip(parts, leaves, strict=True)
        ]
    return [
        part.reshape(
            (*leaf.shape, *part.shape[1:]) if axis == 0 else (*part.shape[:-1], *leaf.shape)
        )
        for part, leaf in zip(parts, leaves, strict=True)
    ]
