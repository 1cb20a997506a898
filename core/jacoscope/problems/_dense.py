"""Dense Jacobians by shape: tall (more outputs), wide (more inputs), and a constant one."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ._family import Draws, Family, Knob, Parts

GROUP = "Dense: tall, square, wide"


def _make_tall(*, points: int, terms: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    t = jnp.asarray(np.linspace(0.0, 1.0, points).astype(dtype), dtype)
    x = {
        "amplitude": draws.normal(terms),
        "rate": jnp.asarray(1 + np.abs(draws.normal(terms)), dtype),
    }

    def f(x: dict[str, Array]) -> Array:
        return jnp.exp(-jnp.outer(t, x["rate"])) @ x["amplitude"]

    def jacobian(x: dict[str, Array]) -> dict[str, Array]:
        decay = jnp.exp(-jnp.outer(t, x["rate"]))
        return {"amplitude": decay, "rate": -t[:, None] * x["amplitude"] * decay}

    return Parts(f, x, jacobian)


def _make_wide(*, parameters: int, losses: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    scales = draws.normal(losses, parameters)

    def f(x: Array) -> Array:
        return jnp.sum(jnp.log1p((scales * x) ** 2), axis=1)

    def jacobian(x: Array) -> Array:
        scaled = scales * x
        return 2 * scales * scaled / (1 + scaled**2)

    return Parts(f, draws.normal(parameters), jacobian)


def _make_linear(*, rows: int, columns: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    matrix = draws.normal(rows, columns)

    def f(x: Array) -> Array:
        return matrix @ x

    return Parts(f, draws.normal(columns), lambda x: matrix.astype(x.dtype))


TALL = Family(
    name="tall_curve",
    title="Few parameters, long curve",
    group=GROUP,
    about="A sum of decays sampled at many points: few columns, many rows, so forward should win.",
    formula=r"f_i(a, r) = \sum_k a_k e^{-r_k t_i}",
    source="Written for Jacoscope: y(t) = Σ aₖ exp(−rₖ t)",
    make=_make_tall,
    sizes=(
        Knob("points", "Points", 64, "Samples of the curve: the outputs.", 1, 262_144),
        Knob("terms", "Terms", 4, "Decays in the sum; two inputs each.", 1, 512),
    ),
    telling={"points": 4_096, "terms": 8},
)

WIDE = Family(
    name="wide_loss",
    title="Many parameters, few losses",
    group=GROUP,
    about="A few losses of many parameters: few rows, many columns, so reverse should win.",
    formula=r"f_i(x) = \sum_j \log\bigl(1 + (a_{ij} x_j)^2\bigr)",
    source="Written for Jacoscope: fᵢ(x) = Σⱼ log(1 + (aᵢⱼ xⱼ)²)",
    make=_make_wide,
    sizes=(
        Knob("parameters", "Parameters", 64, "Inputs.", 1, 262_144),
        Knob("losses", "Losses", 4, "Outputs.", 1, 512),
    ),
    telling={"parameters": 4_096, "losses": 8},
)

LINEAR = Family(
    name="linear_map",
    title="Linear map",
    group=GROUP,
    about="J is the matrix itself, so every pass is work that a glance at f would have saved.",
    formula=r"f(x) = A x, \quad J = A",
    source="Written for Jacoscope: f(x) = A x",
    make=_make_linear,
    sizes=(
        Knob("rows", "Rows", 40, "Outputs.", 1, 65_536),
        Knob("columns", "Columns", 24, "Inputs.", 1, 65_536),
    ),
    telling={"rows": 512, "columns": 512},
)
