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
from ._quick import jit_once

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
    values = _samples(f, x)
    return float(np.median(np.mean(values, axis=1))) if values.size else None


def _samples(f: Callable[[Any], Any], x: PyTree[Array]) -> np.ndarray:
    """Say which entries of a few columns are other than zero; of rows where there is no JVP.

    Compiled as one program: op by op, each of `f` is compiled anew, which takes seconds.
    """
    function = checked(f)

    def columns(x: PyTree[Array]) -> Any:
        return jax.vmap(lambda i: jax.jvp(function, (x,), (basis_vector(x, i),))[1])(_spread(x))

    def rows(x: PyTree[Array]) -> Any:
        y, pull = jax.vjp(function, x)
        return jax.vmap(lambda i: pull(basis_vector(y, i))[0])(_spread(y))

    for way in columns, rows:
        try:
            return _nonzero(jit_once(way)(x))
        except TypeError:  # a custom_vjp has no forward mode, and some functions can't be jitted
            continue
    product, like, _, _ = _either_way(f, x)
    return _blocks(product, like)(_spread(like))


def _spread(like: PyTree[Any]) -> np.ndarray:
    """Spread the indices of the samples over the numbers of a pytree."""
    count = size(like)
    return (2 * np.arange(min(_SAMPLES, count)) + 1) * count // (2 * _SAMPLES)


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
    def block(indices: Array) -> PyTree[Array]:
        return jax.vmap(lambda i: product(basis_vector(like, i)))(indices)

    return lambda indices: _nonzero(block(jnp.asarray(indices)))


def _nonzero(products: PyTree[Array]) -> np.ndarray:
    """Lay products out one a row, and say which of their numbers are other than zero."""
    leaves = jax.tree.leaves(products)
    parts = [np.asarray(leaf).reshape(leaf.shape[0], leaf[:1].size) != 0 for leaf in leaves]
    return np.concatenate(parts, axis=1)
