"""A diagonal with one dense row and one dense column: coloring from one side gains nothing."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ._banded import GROUP
from ._family import Draws, Family, Knob, Parts


def _make(*, unknowns: int, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        return jnp.concatenate([jnp.sum(x**2)[None] / 2, x[0] * x[1:] + jnp.sin(x[1:])])

    def jacobian(x: Float[Array, " n"]) -> Float[Array, "n n"]:
        diagonal = jnp.diag(x[0] + jnp.cos(x))
        return diagonal.at[:, 0].set(x).at[0].set(x)

    return Parts(f, Draws(seed, dtype).normal(unknowns), jacobian)


ARROW = Family(
    name="arrow",
    title="Arrow: a dense row and column",
    group=GROUP,
    about="Any two columns meet in the dense row and any two rows in the dense column: n colors.",
    formula=r"f_1(x) = \tfrac{1}{2} \sum_j x_j^2, \quad f_i(x) = x_1 x_i + \sin x_i",
    source="Written for Jacoscope: f₁ = ½ Σ xⱼ², fᵢ = x₁ xᵢ + sin xᵢ",
    make=_make,
    sizes=(Knob("unknowns", "Unknowns", 48, "Inputs and outputs.", 2, 262_144),),
    telling={"unknowns": 1_024},
)
