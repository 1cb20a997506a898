"""Vectors of the standard basis, made from their index so that no identity matrix is stored."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree


def basis_vector(like: PyTree[Any], i: int | Int[Array, ""]) -> PyTree[Array]:
    """Return the i-th vector of the standard basis of `like`'s space.

    Args:
        like: Arrays, or anything with shape and dtype, in a pytree; n numbers in all.
        i: Index in 0…n−1, counting leaves in the pytree's order; may be traced.

    Returns:
        A pytree like `like`, zero but for a one at `i`.
    """
    leaves, structure = jax.tree.flatten(like)
    offsets = np.cumsum([0, *(int(np.prod(leaf.shape)) for leaf in leaves)])
    ones = [
        (jnp.arange(stop - start) == i - start).astype(leaf.dtype).reshape(leaf.shape)
        for leaf, start, stop in zip(leaves, offsets[:-1], offsets[1:], strict=True)
    ]
    return jax.tree.unflatten(structure, ones)
