"""The diagonal of a Hessian, without the rest of it.

In general it takes as many Hessian-vector products as the whole, each read at one place, but the
memory of a chunk of them instead of n². Where the sparsity is known, far fewer do: variables that
no second derivative joins can share a product, which is a weaker condition than that of a whole
sparse Hessian, where each entry has to be told apart. A separable function takes one product, a
chain or a grid with neighbors two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import core
from jaxtyping import Array, PyTree

from ._basis import basis_vector
from ._batching import Batching, batched
from ._colored import WrongPatternError
from ._coloring import Coloring
from ._compression import compress
from ._decompression import gather
from ._hessian import Order, build_hessian, hvp_product
from ._point import size
from ._shares import Shares

DIAGONAL_CHUNK = 64  # products at once where nothing else is asked for
_NOISE = 100  # roundings

HessianOutput = Literal["dense", "bcoo", "diagonal"]

Product = Callable[[Any], PyTree[Array]]


def build_diagonal(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    *,
    order: Order,
    batching: Batching,
    chunk_size: int | None = None,
    shares: Shares | None = None,
) -> PyTree[Array]:
    """Build the diagonal of the Hessian of `f` at a checked point with n numbers.

    Of each of n Hessian-vector products one number is kept; `full_hessian` reads the whole.

    Args:
        f: Function from one pytree to a number.
        x: The point.
        order: The order of each product.
        batching: How the n products are applied.
        chunk_size: Products at once, for `chunked`.
        shares: The devices that share the products, where this is called by each of them.

    Returns:
        A pytree like `x`; with `shares`, this device's part of each leaf.

    Raises:
        TypeError: `f(x)` is not a real number.
        ValueError: The order or the batching is unknown, or the chunk size is off.
    """
    if order == "full_hessian":
        return _read(build_hessian(f, x, order=order, batching="vmap"), x)
    product = hvp_product(f, x, order)
    indices = jnp.arange(size(x)) if shares is None else _own(x, shares)
    diagonal = batched(
        lambda i: _entry(product(basis_vector(x, i)), i),
        indices,
        len(indices),
        batching=batching,
        chunk_size=chunk_size,
        axis=0,
    )
    return _like(diagonal, x) if shares is None else _settled(diagonal, x, shares)


def build_colored_diagonal(
    product: Product, x: PyTree[Array], *, coloring: Coloring, chunk_size: int | None = None
) -> PyTree[Array]:
    """Read the diagonal of a Hessian out of one product a color.

    Where everything is concrete the products are taken twice, the second time with seeds weighted
    at random, which gives another diagonal where the pattern lacks an entry; under `jax.jit`
    nothing can be checked.

    Args:
        product: The Hessian as a linear map.
        x: The point, n numbers.
        coloring: Colors of the kind `diagonal`.
        chunk_size: Products at once; None for all.

    Returns:
        A pytree like `x`.

    Raises:
        WrongPatternError: The pattern lacks an entry.
    """
    data = diagonal_entries(product, x, coloring, chunk_size)
    if not isinstance(data, core.Tracer):
        again = diagonal_entries(weighted(product, x), x, coloring, chunk_size)
        check_diagonal(data, again, coloring)
    return put_diagonal(data, x, coloring)


def diagonal_entries(
    product: Product,
    x: PyTree[Array],
    coloring: Coloring,
    chunk_size: int | None = None,
    shares: Shares | None = None,
) -> Array:
    """Compute the entries of a diagonal that may be other than zero, one product a color."""
    made = compress(
        coloring, push=product, pull=None, x=x, y=x, chunk_size=chunk_size, shares=shares
    )
    return gather(made, coloring)


def weighted(product: Product, x: PyTree[Array]) -> Product:
    """Return the product with each number of the vector weighted, as `check_diagonal` takes it."""
    scales = _like(jnp.asarray(_weights(size(x))), x)
    return lambda v: product(jax.tree.map(jnp.multiply, v, scales))


def check_diagonal(data: Array, again: Array, coloring: Coloring) -> None:
    """Hold the entries of a diagonal against those that the weighted product gave.

    Raises:
        WrongPatternError: The pattern lacks an entry.
    """
    places = coloring.pattern.rows
    where = _disagreement(data, again, _weights(coloring.pattern.shape[1])[places])
    if where is not None:
        raise WrongPatternError(
            "`sparsity` must have every entry that is other than zero, but"
            f" input {places[where]} has one outside of the pattern."
        )


def put_diagonal(data: Array, x: PyTree[Array], coloring: Coloring) -> PyTree[Array]:
    """Put the entries of a diagonal in their places in a pytree like `x`."""
    whole = jnp.zeros(size(x), data.dtype).at[coloring.pattern.rows].set(data)
    return _like(whole, x)


def _weights(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.5, 1.5, count)


def _read(hessian: PyTree[Array], x: PyTree[Array]) -> PyTree[Array]:
    """Read the diagonal out of a whole Hessian, structured as `jax.hessian` structures it."""
    leaves, structure = jax.tree.flatten(x)
    rows = structure.flatten_up_to(hessian)
    parts = [
        jnp.diagonal(structure.flatten_up_to(row)[j].reshape(leaf.size, leaf.size))
        for j, (row, leaf) in enumerate(zip(rows, leaves, strict=True))
    ]
    shaped = [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
    return jax.tree.unflatten(structure, shaped)


def _disagreement(data: Array, weighted: Array, weights: np.ndarray) -> int | None:
    """Return where two ways to one diagonal differ by more than rounding; None if nowhere."""
    ours = np.asarray(data, np.float64)
    again = np.asarray(weighted, np.float64) / weights
    both = np.isfinite(ours) & np.isfinite(again)
    epsilon = float(jnp.finfo(data.dtype).eps)
    largest = np.abs(ours[both]).max(initial=0.0)
    allowed = np.sqrt(epsilon) * np.abs(ours) + _NOISE * epsilon * largest
    wrong = np.isfinite(ours) != np.isfinite(again)
    wrong[both] |= (np.abs(ours - again) > allowed)[both]
    return int(wrong.argmax()) if wrong.any() else None


def _entry(column: PyTree[Array], i: Array) -> Array:
    """Return the i-th number of a pytree, in a dtype that holds those of all leaves."""
    leaves = [leaf for leaf in jax.tree.leaves(column) if leaf.size]
    dtype = jnp.result_type(*leaves) if leaves else jnp.float32
    total, start = jnp.zeros((), dtype), 0
    for leaf in leaves:
        place = jnp.clip(i - start, 0, leaf.size - 1)
        here = (i >= start) & (i < start + leaf.size)
        total += jnp.where(here, leaf.reshape(-1)[place], 0).astype(dtype)
        start += leaf.size
    return total


def _own(x: PyTree[Array], shares: Shares) -> Array:
    """Return the numbers of the entries that this device is to compute, leaf by leaf."""
    leaves = jax.tree.leaves(x)
    offsets = np.cumsum([0, *(leaf.size for leaf in leaves)])
    parts = [
        shares.indices(leaf.shape, int(offset), size(x))
        for leaf, offset in zip(leaves, offsets[:-1], strict=True)
    ]
    return jnp.concatenate(parts)


def _settled(flat: Array, x: PyTree[Array], shares: Shares) -> PyTree[Array]:
    leaves, structure = jax.tree.flatten(x)
    ends = np.cumsum([shares.count(leaf.shape) for leaf in leaves])
    parts = jnp.split(flat, ends[:-1])
    settled = [
        shares.settle(part, leaf.shape, (), 0).astype(leaf.dtype)
        for part, leaf in zip(parts, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, settled)


def _like(flat: Array, x: PyTree[Array]) -> PyTree[Array]:
    """Cut a vector of n numbers into a pytree like `x`."""
    leaves, structure = jax.tree.flatten(x)
    ends = np.cumsum([0, *(leaf.size for leaf in leaves)])
    parts = [
        flat[start:stop].reshape(leaf.shape).astype(leaf.dtype)
        for leaf, start, stop in zip(leaves, ends[:-1], ends[1:], strict=True)
    ]
    return jax.tree.unflatten(structure, parts)
