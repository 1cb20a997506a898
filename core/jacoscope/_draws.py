"""Random numbers that `f` draws from a key of its own, as these are others in float64.

`jax.random` draws in JAX's default dtype unless it is told one, and 64 random bits make another
number than 32: a reference in float64 is then the derivative of another function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from ._walk import visits


def draws_others_in_float64(f: Callable[[Any], Any], x: PyTree[Any]) -> bool:
    """Return whether `f` draws random numbers that differ from those it draws in float64.

    >>> key = jax.random.key(0)
    >>> draws_others_in_float64(lambda x: x * jax.random.normal(key), 1.0)
    True
    >>> draws_others_in_float64(lambda x: x * jax.random.normal(key, (), "float32"), 1.0)
    False
    """
    drawn = list(_draws(jax.make_jaxpr(f)(x)))
    if not drawn:
        return False
    with jax.enable_x64(True):
        point = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), x)
        return drawn != list(_draws(jax.make_jaxpr(f)(point)))


def _draws(jaxpr: Any) -> Iterator[tuple[Any, Any]]:
    for visit in visits(jaxpr.jaxpr, lambda branch: float(len(branch.eqns))):
        if visit.equation.primitive.name == "random_bits":
            params = visit.equation.params
            yield params["bit_width"], params["shape"]
