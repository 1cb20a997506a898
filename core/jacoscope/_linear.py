"""The linear part of a function at a point, jitted, whatever Python the function is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import PyTree

from ._point import as_point, checked


def linear_part(
    f: Callable[[Any], Any], x: PyTree[Any]
) -> tuple[Any, Callable[[Any], Any], Callable[[Any], Any]]:
    """Return f(x) and the two linear maps of `f` at `x`, both jitted.

    `f` itself runs eagerly, so it may branch on the value of `x` where `jax.jit` would refuse:
    once the branch is taken, what is left is linear and holds no Python. Both maps keep the
    residuals of `f`.

    Args:
        f: Function of one pytree.
        x: Point, a pytree of floating-point arrays.

    Returns:
        `f(x)`; the pushforward v ↦ ∂f(x) v, from like `x` to like `f(x)`; and the pullback
        u ↦ ∂f(x)ᵀ u, from like `f(x)` to like `x`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point.

    >>> y, push, pull = linear_part(lambda x: x**2 if x > 1 else x, 3.0)
    >>> float(push(1.0)), float(pull(2.0))
    (6.0, 12.0)
    """
    point = as_point(x)
    y, forward = jax.linearize(checked(f), point)
    transposed = jax.linear_transpose(forward, point)
    return y, jax.jit(forward), jax.jit(lambda u: transposed(u)[0])
