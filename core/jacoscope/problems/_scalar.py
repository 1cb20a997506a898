"""A scalar function of a matrix: gradients, Hessians and the orders of a Hessian-vector product."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts
from ._logistic import SOURCE


def _make_tanh_sum(*, rows: int, columns: int, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, "rows columns"]) -> Float[Array, ""]:
        return jnp.sum(jnp.tanh(x) ** 2)

    def jacobian(x: Float[Array, "rows columns"]) -> Float[Array, "rows columns"]:
        t = jnp.tanh(x)
        return 2 * t * (1 - t**2)

    return Parts(f, Draws(seed, dtype).normal(rows, columns), jacobian)


TANH_SUM = Family(
    name="tanh_sum",
    title="Sum of squared tanh of a matrix",
    group="Gradients and Hessians",
    about="A matrix in, a number out; its Hessian is diagonal, its four HVP orders agree.",
    source=SOURCE,
    make=_make_tanh_sum,
    sizes=(
        Knob("rows", "Rows", 30, "Rows of the matrix.", 1, 4_096),
        Knob("columns", "Columns", 40, "Columns of the matrix.", 1, 4_096),
    ),
    telling={"rows": 64, "columns": 64},
)
