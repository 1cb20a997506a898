"""One pass a color: the products of a sparse Jacobian with the sum of many basis vectors.

The seed of a color is made from its index inside the pass, so no matrix of seeds is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._batching import batched
from ._coloring import Coloring, Seeds
from ._point import size

Product = Callable[[Any], PyTree[Array]]


@dataclass(frozen=True)
class Compressed:
    """What the passes gave.

    Attributes:
        forward: `(colors, n_out)`, a JVP a row; None without.
        reverse: `(colors, n_in)`, a VJP a row; None without.
    """

    forward: Array | None
    reverse: Array | None


def compress(
    coloring: Coloring,
    *,
    push: Product | None,
    pull: Product | None,
    x: PyTree[Any],
    y: PyTree[Any],
    chunk_size: int | None,
) -> Compressed:
    """Apply the products to the seeds of every color.

    Args:
        coloring: The colors.
        push: The pushforward; None where no column has a color.
        pull: The pullback; None where no row has one.
        x: What tangents are like.
        y: What cotangents are like.
        chunk_size: Passes at once; None for all.
    """
    return Compressed(
        _passes(push, x, y, coloring.columns, chunk_size),
        _passes(pull, y, x, coloring.rows, chunk_size),
    )


def _passes(
    product: Product | None,
    like: PyTree[Any],
    other: PyTree[Any],
    seeds: Seeds | None,
    chunk_size: int | None,
) -> Array | None:
    if seeds is None:
        return None
    assert product is not None
    if seeds.count == 0:
        dtype = jnp.result_type(*(leaf.dtype for leaf in jax.tree.leaves(other)))
        return jnp.zeros((0, size(other)), dtype)
    colors = seeds.colors.astype(np.int16 if seeds.count < 2**15 else np.int32)
    leaves, structure = jax.tree.flatten(like)
    ends = np.cumsum([0, *(size(leaf) for leaf in leaves)])

    def one(c: Array) -> Array:
        parts = [
            (colors[start:stop] == c).astype(leaf.dtype).reshape(leaf.shape)
            for leaf, start, stop in zip(leaves, ends[:-1], ends[1:], strict=True)
        ]
        made = jax.tree.leaves(product(jax.tree.unflatten(structure, parts)))
        dtype = jnp.result_type(*made)
        return jnp.concatenate([jnp.ravel(leaf).astype(dtype) for leaf in made])

    return batched(
        one,
        jnp.arange(seeds.count, dtype=colors.dtype),
        seeds.count,
        batching="vmap" if chunk_size is None else "chunked",
        chunk_size=chunk_size,
        axis=0,
    )
