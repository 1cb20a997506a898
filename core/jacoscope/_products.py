"""Products with the Jacobian: one vector at a time, and many.

After the JAX documentation, "Forward- and reverse-mode autodiff in JAX"; its looped
matrix–Jacobian product stacks tuples, which current JAX refuses, so ours takes the element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from ._batching import Batching, batched
from ._mesh import Where, placed_on
from ._point import as_point, check_like, check_stack, checked, output_shapes
from ._shares import Shares
from ._spread import spread_vectors


def jvp(f: Callable[[Any], Any], x: PyTree[Any], v: PyTree[Any]) -> tuple[Any, Any]:
    """Push a tangent forward: (x, v) ↦ (f(x), ∂f(x) v).

    Costs about two to three evaluations of `f`, with memory independent of its depth.

    Args:
        f: Function of one pytree.
        x: Point, a pytree of floating-point arrays.
        v: Tangent, like `x`.

    Returns:
        `f(x)`, and the tangent pushed forward, like `f(x)`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point.
        ValueError: `v` is not like `x`.

    >>> y, u = jvp(lambda x: 3 * x**2, 2.0, 1.0)
    >>> float(y), float(u)
    (12.0, 12.0)
    """
    point = as_point(x)
    return jax.jvp(checked(f), (point,), (check_like(v, point, "v", "x"),))


def vjp(f: Callable[[Any], Any], x: PyTree[Any], u: PyTree[Any]) -> tuple[Any, Any]:
    """Pull a cotangent back: (x, u) ↦ (f(x), ∂f(x)ᵀ u).

    Costs about two to three evaluations of `f`, with memory that grows with its depth.

    Args:
        f: Function of one pytree.
        x: Point, a pytree of floating-point arrays.
        u: Cotangent, like `f(x)`.

    Returns:
        `f(x)`, and the cotangent pulled back, like `x`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point.
        ValueError: `u` is not like `f(x)`.

    >>> y, v = vjp(lambda x: 3 * x**2, 2.0, 1.0)
    >>> float(y), float(v)
    (12.0, 12.0)
    """
    y, pullback = jax.vjp(checked(f), as_point(x))
    (v,) = pullback(check_like(u, y, "u", "f(x)"))
    return y, v


def vgrad(f: Callable[[Any], Any], x: PyTree[Any]) -> PyTree[Array]:
    """Return the gradient of the sum of all outputs of `f`, a vector-valued gradient.

    It is ∂f(x)ᵀ 1: where each output depends on one input only, the derivative of each.

    Args:
        f: Function of one pytree.
        x: Point, a pytree of floating-point arrays.

    Returns:
        A pytree like `x`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point.

    >>> vgrad(lambda x: 3 * x**2, jnp.ones((2, 2))).tolist()
    [[6.0, 6.0], [6.0, 6.0]]
    """
    y, pullback = jax.vjp(checked(f), as_point(x))
    (v,) = pullback(jax.tree.map(jnp.ones_like, y))
    return v


def jmp(
    f: Callable[[Any], Any],
    x: PyTree[Any],
    V: PyTree[Any],  # noqa: N803 (the field writes matrices in capitals)
    batching: Batching = "vmap",
    chunk_size: int | None = None,
    device: Where = None,
    *,
    gather: bool = False,
) -> PyTree[Array]:
    """Push k tangents forward: the Jacobian–matrix product.

    Args:
        f: Function of one pytree.
        x: Point, a pytree of floating-point arrays.
        V: Tangents, like `x` with a leading axis k in every leaf.
        batching: How they are applied: loop, map, vmap or chunked.
        chunk_size: Tangents at once, for `chunked`.
        device: Where, as for `jacobian`; the devices of a mesh share the tangents.
        gather: As for `jacobian`.

    Returns:
        A pytree like `f(x)`, each leaf `(k, *leaf.shape)`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point.
        ValueError: `V` does not fit `x`, the batching is not one of the four, or there is no such
            device.

    >>> jmp(lambda x: x**2, jnp.array([1.0, 2.0]), jnp.eye(2)).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    mesh, point, tangents = placed_on(device, as_point(x), V)
    shares = None if mesh is None else Shares(mesh, gather)
    return push_stack(f, point, tangents, batching, chunk_size, shares)


def mjp(
    f: Callable[[Any], Any],
    x: PyTree[Any],
    U: PyTree[Any],  # noqa: N803 (the field writes matrices in capitals)
    batching: Batching = "vmap",
    chunk_size: int | None = None,
    device: Where = None,
    *,
    gather: bool = False,
) -> PyTree[Array]:
    """Pull k cotangents back: the matrix–Jacobian product.

    Args:
        f: Function of one pytree.
        x: Point, a pytree of floating-point arrays.
        U: Cotangents, like `f(x)` with a leading axis k in every leaf.
        batching: How they are applied: loop, map, vmap or chunked.
        chunk_size: Cotangents at once, for `chunked`.
        device: Where, as for `jacobian`; the devices of a mesh share the cotangents.
        gather: As for `jacobian`.

    Returns:
        A pytree like `x`, each leaf `(k, *leaf.shape)`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point.
        ValueError: `U` does not fit `f(x)`, the batching is not one of the four, or there is no
            such device.

    >>> mjp(lambda x: x**2, jnp.array([1.0, 2.0]), jnp.eye(2)).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    mesh, point, cotangents = placed_on(device, as_point(x), U)
    shares = None if mesh is None else Shares(mesh, gather)
    return pull_stack(f, point, cotangents, batching, chunk_size, shares)


def push_stack(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    tangents: PyTree[Any],
    batching: Batching,
    chunk_size: int | None,
    shares: Shares | None = None,
) -> PyTree[Array]:
    """Push stacked tangents forward from a checked point; see `jmp`."""
    stack, count = check_stack(tangents, x, "V", "x")
    how: Any = {"batching": batching, "chunk_size": chunk_size}
    if shares is None:
        return batched(pushforward(f, x), stack, count, axis=0, **how)
    y = output_shapes(f, x)
    return spread_vectors(lambda x: pushforward(f, x), y, x, stack, count, shares=shares, **how)


def pull_stack(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    cotangents: PyTree[Any],
    batching: Batching,
    chunk_size: int | None,
    shares: Shares | None = None,
) -> PyTree[Array]:
    """Pull stacked cotangents back to a checked point; see `mjp`."""
    how: Any = {"batching": batching, "chunk_size": chunk_size}
    if shares is None:
        y, pull = pullback(f, x)
        stack, count = check_stack(cotangents, y, "U", "f(x)")
        return batched(pull, stack, count, axis=0, **how)
    stack, count = check_stack(cotangents, output_shapes(f, x), "U", "f(x)")
    return spread_vectors(lambda x: pullback(f, x)[1], x, x, stack, count, shares=shares, **how)


def pullback(
    f: Callable[[Any], Any], x: PyTree[Array]
) -> tuple[PyTree[Array], Callable[[Any], Any]]:
    """Return f(x) and u ↦ ∂f(x)ᵀ u; checks what `f` returns."""
    y, pull = jax.vjp(checked(f), x)
    return y, lambda u: pull(u)[0]


def pushforward(f: Callable[[Any], Any], x: PyTree[Array]) -> Callable[[Any], Any]:
    """Return v ↦ ∂f(x) v, computed by a JVP at each call; checks what `f` returns."""
    return lambda v: jax.jvp(checked(f), (x,), (v,))[1]


def pushforward_with_aux(
    f: Callable[[Any], tuple[Any, Any]], x: PyTree[Array]
) -> Callable[[Any], tuple[Any, Any]]:
    """Return v ↦ (∂f(x) v, aux) for an `f` that returns `(y, aux)`; see `checked_pair`."""
    return lambda v: jax.jvp(f, (x,), (v,), has_aux=True)[1:]
