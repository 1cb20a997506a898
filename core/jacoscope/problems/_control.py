"""Python control flow on the value of the input: eager code differentiates, `jax.jit` refuses."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ._family import Family, Knob, Parts
from ._logistic import SOURCE


def _cube_or_line(x: Float[Array, ""]) -> Float[Array, ""]:
    try:
        if x >= 3:
            raise ValueError("left to the handler below")
        return 2 * x**3
    except ValueError:
        return jnp.pi * x


def _slope(x: Float[Array, ""]) -> Float[Array, ""]:
    return jnp.where(x >= 3, jnp.pi, 6 * x**2).astype(x.dtype)


def _make(*, point: int, seed: int, dtype: Any) -> Parts:
    del seed  # nothing here is random
    return Parts(_cube_or_line, jnp.asarray(point, dtype), _slope)


CONTROL_FLOW = Family(
    name="python_control_flow",
    title="Python try and if on a value",
    group="What tracing allows",
    about="f branches on the value of x, so it can't be jitted; the linear part at a point can.",
    source=SOURCE,
    make=_make,
    sizes=(Knob("point", "Point", 4, "Where f is differentiated.", -100, 100),),
)
