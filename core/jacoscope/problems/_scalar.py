"""Functions to a number: gradients, Hessians and the orders of a Hessian-vector product."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts
from ._logistic import SOURCE

_GROUP = "Gradients and Hessians"


def _make_tanh_sum(*, rows: int, columns: int, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, "rows columns"]) -> Float[Array, ""]:
        return jnp.sum(jnp.tanh(x) ** 2)

    def jacobian(x: Float[Array, "rows columns"]) -> Float[Array, "rows columns"]:
        t = jnp.tanh(x)
        return 2 * t * (1 - t**2)

    return Parts(f, Draws(seed, dtype).normal(rows, columns), jacobian)


def _make_rosenbrock(*, unknowns: int, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, ""]:
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def jacobian(x: Float[Array, " n"]) -> Float[Array, " n"]:
        miss = 200 * (x[1:] - x[:-1] ** 2)
        by_left = -2 * miss * x[:-1] - 2 * (1 - x[:-1])
        return jnp.pad(miss, (1, 0)) + jnp.pad(by_left, (0, 1))

    return Parts(f, Draws(seed, dtype).normal(unknowns), jacobian)


def _make_log_sum_exp(*, length: int, offset: int, formula: str, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, ""]:
        return jax.nn.logsumexp(x) if formula == "shifted" else jnp.log(jnp.sum(jnp.exp(x)))

    return Parts(f, Draws(seed, dtype).normal(length, mean=float(offset)), jax.nn.softmax)


TANH_SUM = Family(
    name="tanh_sum",
    title="Sum of squared tanh of a matrix",
    group=_GROUP,
    about="A matrix in, a number out; its Hessian is diagonal, its four HVP orders agree.",
    formula=r"f(X) = \sum_{ij} \tanh^2 X_{ij}, \quad \nabla f = 2 \tanh X \, (1 - \tanh^2 X)",
    source=SOURCE,
    make=_make_tanh_sum,
    sizes=(
        Knob("rows", "Rows", 30, "Rows of the matrix.", 1, 4_096),
        Knob("columns", "Columns", 40, "Columns of the matrix.", 1, 4_096),
    ),
    telling={"rows": 64, "columns": 64},
)

ROSENBROCK = Family(
    name="chained_rosenbrock",
    title="Chained Rosenbrock function",
    group=_GROUP,
    about="Each number meets only its neighbors: the Hessian is tridiagonal, three HVPs give it.",
    formula=r"f(x) = \sum_i 100\, (x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
    source="Rosenbrock (1960), chained: f(x) = Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²",
    make=_make_rosenbrock,
    sizes=(Knob("unknowns", "Unknowns", 48, "Inputs.", 2, 262_144),),
    telling={"unknowns": 4_096},
)

LOG_SUM_EXP = Family(
    name="log_sum_exp",
    title="Log-sum-exp",
    group=_GROUP,
    about="The gradient is the softmax; written out, without the shift, it overflows near 88.",
    formula=r"f(x) = \log \sum_i e^{x_i}, \quad \nabla f = \operatorname{softmax}(x)",
    source="Written for Jacoscope: f(x) = log Σ exp xᵢ",
    make=_make_log_sum_exp,
    sizes=(
        Knob("length", "Length", 48, "Inputs.", 1, 1_048_576),
        Knob("offset", "Offset", 0, "Added to every input, so that exp may overflow.", 0, 1_000),
        Knob(
            "formula",
            "Formula",
            "shifted",
            "With the largest input subtracted first, or as it is written.",
            choices=("shifted", "as written"),
        ),
    ),
    telling={"length": 4_096},
)
