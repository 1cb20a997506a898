"""All numbers of a pytree laid in a row, each with a name: where tangents and cotangents live."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._matrix import leaf_blocks, number_name


class Space:
    """The vector space of a pytree's numbers.

    Args:
        model: The pytree, or its shapes.
        root: Its name, with which the names of numbers begin: `x` or `y`.
    """

    def __init__(self, model: PyTree[Any], root: str) -> None:
        paths = jax.tree_util.tree_leaves_with_path(model)
        self._leaves, self._structure = jax.tree.flatten(model)
        self._blocks = leaf_blocks(paths, root)
        self._shapes = tuple(np.shape(leaf) for leaf in self._leaves)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self._blocks[-1].stop

    @property
    def eps(self) -> float:
        """The relative rounding of the coarsest dtype in it."""
        return max(float(jnp.finfo(jnp.result_type(leaf)).eps) for leaf in self._leaves)

    def name(self, i: int) -> str:
        """Name number i by its path, such as `x['w'][2, 1]`."""
        return number_name(i, self._blocks, self._shapes)

    def row(self, tree: PyTree[Any]) -> np.ndarray:
        """Lay a pytree of this structure in a row, or several that are stacked.

        Args:
            tree: Leaves of the model's shapes, or all with the same axes in front of them.

        Returns:
            `(..., size)` in float64, which holds every float that JAX differentiates.
        """
        leaves = map(np.asarray, self._structure.flatten_up_to(tree))
        parts = [
            leaf.astype(np.float64).reshape(
                (*leaf.shape[: leaf.ndim - len(shape)], math.prod(shape))
            )
            for leaf, shape in zip(leaves, self._shapes, strict=True)
        ]
        return np.concatenate(parts, axis=-1)

    def tree(self, row: np.ndarray) -> PyTree[Array]:
        """Give a row `(..., size)` the structure and dtypes of the model, and its shapes behind."""
        parts = np.split(row, [block.start for block in self._blocks[1:]], axis=-1)
        leaves = [
            jnp.asarray(part.reshape((*row.shape[:-1], *shape)).astype(jnp.result_type(leaf)))
            for part, shape, leaf in zip(parts, self._shapes, self._leaves, strict=True)
        ]
        return jax.tree.unflatten(self._structure, leaves)
