"""One pass a color: the products of a sparse Jacobian with the sum of many basis vectors.

The seed of a color is made from its index inside the pass, so no matrix of seeds is stored; but
for few and small ones, which a constant of at most a megabyte holds: a stencil that reads each
seed several times would make it anew each time, which took a third more time on the Brusselator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._batching import batched_with_aux
from ._coloring import Coloring, Seeds
from ._point import size
from ._shares import Shares

_STORED_BYTES = 2**20

Product = Callable[[Any], PyTree[Array]]


@dataclass(frozen=True)
class Compressed:
    """What the passes gave.

    Attributes:
        forward: `(colors, n_out)`, a JVP a row; None without.
        reverse: `(colors, n_in)`, a VJP a row; None without.
        aux: What the pushforward brings with it; None where it is nothing.
    """

    forward: Array | None
    reverse: Array | None
    aux: Any = None


def compress(
    coloring: Coloring,
    *,
    push: Product | None,
    pull: Product | None,
    x: PyTree[Any],
    y: PyTree[Any],
    chunk_size: int | None,
    has_aux: bool = False,
    shares: Shares | None = None,
) -> Compressed:
    """Apply the products to the seeds of every color.

    Args:
        coloring: The colors.
        push: The pushforward; None where no column has a color.
        pull: The pullback; None where no row has one.
        x: What tangents are like.
        y: What cotangents are like.
        chunk_size: Passes at once; None for all.
        has_aux: Whether `push` returns a pair, the product and what is the same for every vector.
        shares: The devices that share the colors, where this is called by each of them; what they
            give, which is small, each has then.
    """
    forward, aux = _passes(push, x, y, coloring.columns, chunk_size, shares, has_aux=has_aux)
    reverse, _ = _passes(pull, y, x, coloring.rows, chunk_size, shares, has_aux=False)
    return Compressed(forward, reverse, aux)


def _passes(
    product: Product | None,
    like: PyTree[Any],
    other: PyTree[Any],
    seeds: Seeds | None,
    chunk_size: int | None,
    shares: Shares | None,
    *,
    has_aux: bool,
) -> tuple[Array | None, Any]:
    if seeds is None:
        return None, None
    assert product is not None
    if seeds.count == 0:
        dtype = jnp.result_type(*(leaf.dtype for leaf in jax.tree.leaves(other)))
        aux = product(jax.tree.map(jnp.zeros_like, like))[1] if has_aux else None
        return jnp.zeros((0, size(other)), dtype), aux
    colors = seeds.colors.astype(np.int16 if seeds.count < 2**15 else np.int32)
    leaves, structure = jax.tree.flatten(like)
    ends = np.cumsum([0, *(size(leaf) for leaf in leaves)])

    def seed(c: Any) -> PyTree[Any]:
        parts = [
            (colors[start:stop] == c).astype(leaf.dtype).reshape((*np.shape(c)[:1], *leaf.shape))
            for leaf, start, stop in zip(leaves, ends[:-1], ends[1:], strict=True)
        ]
        return jax.tree.unflatten(structure, parts)

    def one(vector: PyTree[Array]) -> tuple[Array, Any]:
        pushed, aux = product(vector) if has_aux else (product(vector), None)
        made = jax.tree.leaves(pushed)
        dtype = jnp.result_type(*made)
        return jnp.concatenate([jnp.ravel(leaf).astype(dtype) for leaf in made]), aux

    if shares is not None:
        own = shares.own(seeds.count)
        part, aux = batched_with_aux(
            lambda c: one(seed(c)),
            own,
            len(own),
            batching="vmap" if chunk_size is None else "chunked",
            chunk_size=chunk_size,
            axis=0,
        )
        return shares.collect(part, seeds.count), aux
    stored_bytes = seeds.count * sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)
    if chunk_size is None and stored_bytes <= _STORED_BYTES:
        stored = jax.tree.map(jnp.asarray, seed(np.arange(seeds.count)[:, None]))
        return jax.vmap(one, out_axes=(0, None))(stored)
    return batched_with_aux(
        lambda c: one(seed(c)),
        jnp.arange(seeds.count, dtype=colors.dtype),
        seeds.count,
        batching="vmap" if chunk_size is None else "chunked",
        chunk_size=chunk_size,
        axis=0,
    )
