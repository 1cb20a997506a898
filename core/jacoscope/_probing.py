"""Sparsity at one point, from values: what may hold nowhere else, so it is used nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._basis import basis_vector
from ._pattern import Pattern, make_pattern
from ._point import checked, size

_CHUNK = 64
_SAMPLES = 4

Product = Callable[[Any], Any]


def probed_pattern(f: Callable[[Any], Any], x: PyTree[Array]) -> Pattern:
    """Find where the Jacobian of `f` at `x` is other than zero by computing it, chunk by chunk.

    An entry counts unless it is exactly zero; NaN counts. It takes as many passes as the dense
    Jacobian does, and keeps only the indices.

    Args:
        f: Function of one pytree, one that may branch on values.
        x: The point, concrete.

    Raises:
        TypeError: Neither mode can differentiate `f`.
        ValueError: The same.
    """
    product, like, other, axis = _either_way(f, x)
    count = size(like)
    block = _blocks(product, like)
    found: list[np.ndarray] = []
    for start in range(0, count, _CHUNK):
        wanted = np.minimum(np.arange(start, start + _CHUNK), count - 1)
        lane, place = np.nonzero(block(wanted))
        found.append(np.stack([wanted[lane], place]))
    seeds, places = np.concatenate(found, axis=1) if found else np.zeros((2, 0), int)
    rows, cols = (places, seeds) if axis == 1 else (seeds, places)
    shape = (size(other), count) if axis == 1 else (count, size(other))
    return make_pattern(rows, cols, shape, "probed")


def density(f: Callable[[Any], Any], x: PyTree[Array]) -> float | None:
    """Estimate which part of the Jacobian at `x` is nonzero, from four columns (or rows) of it.

    The median, so that a few full columns among empty ones are not taken for the whole. Good
    enough to decide whether looking for a pattern is worth the time; it decides nothing else.

    Returns:
        A share between 0 and 1; None where the Jacobian is empty.

    Raises:
        TypeError: Neither mode can differentiate `f`.
        ValueError: The same.
    """
    product, like, other, _ = _either_way(f, x)
    count = size(like)
    if count == 0 or size(other) == 0:
        return None
    wanted = (2 * np.arange(_SAMPLES) + 1) * count // (2 * _SAMPLES)
    values = _blocks(product, like)(wanted)
    return float(np.median(np.mean(values != 0, axis=1)))


def _either_way(
    f: Callable[[Any], Any], x: PyTree[Array]
) -> tuple[Product, PyTree[Any], PyTree[Any], int]:
    """The linear map at `x` or its transpose, what it is applied to, what comes out, and the axis.

    The axis is that of the Jacobian along which its vectors lie: 1 for columns, 0 for rows.
    """
    function = checked(f)
    try:
        y, push = jax.linearize(function, x)
    except TypeError:  # a custom_vjp has no forward mode
        y, pull = jax.vjp(function, x)
        y = jax.tree.map(jnp.asarray, y)
        return lambda u: pull(u)[0], y, x, 0
    return push, x, jax.tree.map(jnp.asarray, y), 1


def _blocks(product: Product, like: PyTree[Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from indices of basis vectors to their products, one a row."""

    @jax.jit
    def block(indices: Array) -> list[Array]:
        made = jax.vmap(lambda i: product(basis_vector(like, i)))(indices)
        return [leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(made)]

    def read(indices: np.ndarray) -> np.ndarray:
        parts = [np.asarray(part) != 0 for part in block(jnp.asarray(indices))]
        return np.concatenate(parts, axis=1)

    return read
