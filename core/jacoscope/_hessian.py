"""Hessian-vector products in their orders, and Hessians built from them column by column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, assert_never, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from ._batching import Batching
from ._jacobian import build_columns
from ._point import as_point, check_like, check_output
from ._shares import Shares

Order = Literal[
    "forward_over_reverse",
    "reverse_over_forward",
    "reverse_over_reverse",
    "full_hessian",
    "linearize",
]


def check_order(order: str) -> None:
    """Check the word for an order.

    Raises:
        ValueError: It is not one of them.
    """
    if order not in get_args(Order):
        raise ValueError(f"`order` must be one of {', '.join(get_args(Order))}, but got {order!r}.")


def hvp(
    f: Callable[[Any], Any],
    x: PyTree[Any],
    v: PyTree[Any],
    order: Order = "forward_over_reverse",
) -> PyTree[Array]:
    """Return the Hessian-vector product ∂²f(x) v of a scalar function.

    `forward_over_reverse` pushes `v` through the gradient; `reverse_over_forward` takes the
    gradient of one directional derivative; `reverse_over_reverse` that of ⟨∇f(x), v⟩; and
    `full_hessian` builds the whole Hessian first, for comparison. `linearize` linearizes the
    gradient once, which pays where many vectors share it. All give the same vector.

    Args:
        f: Function from one pytree to a number.
        x: Point, a pytree of floating-point arrays, nested as you like.
        v: Tangent, like `x`.
        order: Which derivative is taken of which.

    Returns:
        A pytree like `x`.

    Raises:
        TypeError: `x` is not floating point, or `f(x)` is not a real number.
        ValueError: `v` is not like `x`, or `order` is not one of them.

    >>> hvp(lambda x: jnp.sum(x**3), jnp.array([1.0, 2.0]), jnp.array([1.0, 1.0])).tolist()
    [6.0, 12.0]
    """
    point = as_point(x)
    return hvp_product(f, point, order)(check_like(v, point, "v", "x"))


def hvp_product(f: Callable[[Any], Any], x: PyTree[Array], order: Order) -> Callable[[Any], Any]:
    """Return v ↦ ∂²f(x) v in the given order, for a checked point."""
    check_order(order)
    f = _scalar(f)
    match order:
        case "forward_over_reverse":
            return lambda v: jax.jvp(jax.grad(f), (x,), (v,))[1]
        case "reverse_over_forward":
            return lambda v: jax.grad(lambda x: jax.jvp(f, (x,), (v,))[1])(x)
        case "reverse_over_reverse":
            return lambda v: jax.grad(lambda x: _vdot(jax.grad(f)(x), v))(x)
        case "linearize":
            return jax.linearize(jax.grad(f), x)[1]
        case "full_hessian":
            return lambda v: _contract(jax.hessian(f)(x), v)
        case never:
            assert_never(never)


def build_hessian(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    *,
    order: Order,
    batching: Batching,
    chunk_size: int | None = None,
    shares: Shares | None = None,
) -> PyTree[Array]:
    """Build the Hessian of `f` at a checked point, structured as `jax.hessian(f)(x)` is.

    Each column is one Hessian-vector product in the given order; `full_hessian` is the whole by
    `jax.hessian`, whatever the batching. With `shares`, called by each of the devices, it is this
    device's part; `full_hessian` can't be shared.

    Raises:
        TypeError: `f(x)` is not a real number.
        ValueError: The order or the batching is unknown, or the chunk size is off.
    """
    check_order(order)
    if order == "full_hessian":
        assert shares is None
        return jax.hessian(_scalar(f))(x)
    return build_columns(
        hvp_product(f, x, order), x, batching=batching, chunk_size=chunk_size, shares=shares
    )


def gradient(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the gradient of a scalar function, which speaks up where it is none."""
    return jax.grad(_scalar(f))


def check_scalar(y: PyTree[Any]) -> None:
    """Check that a function returns one number, as a Hessian needs.

    Raises:
        TypeError: It returns more.
    """
    shapes = jax.tree.map(jnp.shape, y)
    if shapes != ():
        raise TypeError(
            "A Hessian needs `f` to return one number, a scalar,"
            f" but it returned shape {shapes}. Sum it, or pick one output."
        )


def _scalar(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def scalar(x: PyTree[Array]) -> Array:
        y = f(x)
        check_output(y)
        check_scalar(y)
        return y

    return scalar


def _vdot(a: PyTree[Array], b: PyTree[Array]) -> Any:
    return sum(map(jnp.vdot, jax.tree.leaves(a), jax.tree.leaves(b)))


def _contract(hessian: PyTree[Array], v: PyTree[Array]) -> PyTree[Array]:
    """Sum each row of blocks of the Hessian against the tangent."""
    tangents, structure = jax.tree.flatten(v)
    rows = structure.flatten_up_to(hessian)
    parts = [
        sum(
            jnp.tensordot(block, tangent, tangent.ndim)
            for block, tangent in zip(structure.flatten_up_to(row), tangents, strict=True)
        )
        for row in rows
    ]
    return jax.tree.unflatten(structure, parts)
