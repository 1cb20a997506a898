"""Small inputs and outputs with a large matrix between: all passes at once run out of memory.

With n inputs, a vmap over all of them holds n copies of the tangent of that matrix; chunks hold
as many as a chunk has passes.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts

_GROUP = "Large intermediates"


def _make_pairwise(*, points: int, dimensions: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    charges = draws.normal(points)

    def kernel(x: Float[Array, "p d"]) -> Float[Array, "p p"]:
        squares = jnp.sum(x**2, axis=1)
        return jnp.exp(x @ x.T - (squares[:, None] + squares) / 2)

    def f(x: Float[Array, "p d"]) -> Float[Array, " p"]:
        return kernel(x) @ charges

    def jacobian(x: Float[Array, "p d"]) -> Float[Array, "p p d"]:
        pull = (kernel(x) * charges)[:, :, None] * (x[:, None] - x)
        own = jnp.eye(points, dtype=x.dtype)[:, :, None] * jnp.sum(pull, axis=1)[:, None]
        return pull - own

    return Parts(f, draws.normal(points, dimensions), jacobian)


def _make_outer(*, hidden: int, inputs: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    weights = draws.normal(hidden, inputs, scale=inputs**-0.5)
    values = draws.normal(hidden, inputs, scale=hidden**-0.5)

    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        h = jnp.tanh(weights @ x)
        return (jnp.tanh(jnp.outer(h, h)) @ h) @ values

    def jacobian(x: Float[Array, " n"]) -> Float[Array, "n n"]:
        h = jnp.tanh(weights @ x)
        scores = jnp.tanh(jnp.outer(h, h))
        slopes = 1 - scores**2
        by_h = jnp.diag(slopes @ h**2) + slopes * jnp.outer(h, h) + scores
        return values.T @ by_h @ ((1 - h**2)[:, None] * weights)

    return Parts(f, draws.normal(inputs), jacobian)


PAIRWISE = Family(
    name="pairwise_distances",
    title="Pairwise distances",
    group=_GROUP,
    about="Every point feels every other: p² distances for p outputs, and as many in each pass.",
    formula=r"f_i(X) = \sum_j q_j \exp\bigl(-\tfrac{1}{2} \lVert x_i - x_j \rVert^2\bigr)",
    source="Written for Jacoscope: fᵢ(X) = Σⱼ qⱼ exp(−‖xᵢ − xⱼ‖²/2)",
    make=_make_pairwise,
    sizes=(
        Knob("points", "Points", 20, "Points, and outputs.", 1, 8_192),
        Knob("dimensions", "Dimensions", 3, "Coordinates of a point.", 1, 64),
    ),
    telling={"points": 128, "dimensions": 3},
)

OUTER = Family(
    name="outer_product",
    title="Outer product h hᵀ between",
    group=_GROUP,
    about="A vector in and out, its hidden layer squared between: memory asks for chunks.",
    formula=r"f(x) = V^\top \tanh(h h^\top)\, h, \quad h = \tanh(W x)",
    source="Written for Jacoscope: f(x) = Vᵀ tanh(h hᵀ) h with h = tanh(W x)",
    make=_make_outer,
    sizes=(
        Knob(
            "hidden", "Hidden units", 64, "Length of h; its outer product has the square.", 1, 8_192
        ),
        Knob("inputs", "Inputs", 24, "Inputs and outputs.", 1, 8_192),
    ),
    telling={"hidden": 128, "inputs": 128},
)
