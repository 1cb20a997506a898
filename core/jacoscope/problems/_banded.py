"""Systems whose Jacobian is a band: as many colors as the band is wide, whatever the size.

The two of Broyden are problems 30 and 31 of Moré, Garbow & Hillstrom (1981), Testing
unconstrained optimization software, ACM TOMS 7; the points lie about their starting point.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts

GROUP = "Sparse"
_UNKNOWNS = Knob("unknowns", "Unknowns", 48, "Inputs and outputs.", 2, 262_144)


def _make_differences(*, unknowns: int, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, " n-1"]:
        return jnp.diff(x) ** 2

    def jacobian(x: Float[Array, " n"]) -> Float[Array, "n-1 n"]:
        slope = jnp.diag(2 * jnp.diff(x))
        return jnp.pad(slope, ((0, 0), (1, 0))) - jnp.pad(slope, ((0, 0), (0, 1)))

    return Parts(f, Draws(seed, dtype).normal(unknowns), jacobian)


def _make_tridiagonal(*, unknowns: int, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        padded = jnp.pad(x, 1)
        return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1

    def jacobian(x: Float[Array, " n"]) -> Float[Array, "n n"]:
        below, above = (jnp.eye(len(x), k=k, dtype=x.dtype) for k in (-1, 1))
        return jnp.diag(3 - 4 * x) - below - 2 * above

    return Parts(f, Draws(seed, dtype).normal(unknowns, scale=0.1, mean=-1.0), jacobian)


def _make_banded(*, unknowns: int, below: int, above: int, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        neighbors = jnp.pad(x * (1 + x), (below, above))
        offsets = [k for k in range(below + above + 1) if k != below]
        coupling = sum(neighbors[k : k + len(x)] for k in offsets)
        return x * (2 + 5 * x**2) + 1 - coupling

    def jacobian(x: Float[Array, " n"]) -> Float[Array, "n n"]:
        ones = jnp.ones((len(x), len(x)), x.dtype)
        band = jnp.tril(jnp.triu(ones, -below), above) - jnp.eye(len(x), dtype=x.dtype)
        return jnp.diag(2 + 15 * x**2) - band * (1 + 2 * x)

    return Parts(f, Draws(seed, dtype).normal(unknowns, scale=0.1, mean=-1.0), jacobian)


DIFFERENCES = Family(
    name="squared_differences",
    title="Squared differences of neighbors",
    group=GROUP,
    about="Two bands, so two colors do for any length: the plainest case for a sparse Jacobian.",
    formula=r"f_i(x) = (x_{i+1} - x_i)^2",
    source="Written for Jacoscope: fᵢ(x) = (xᵢ₊₁ − xᵢ)²",
    make=_make_differences,
    sizes=(_UNKNOWNS,),
    telling={"unknowns": 1_024},
)

TRIDIAGONAL = Family(
    name="broyden_tridiagonal",
    title="Broyden's tridiagonal system",
    group=GROUP,
    about="Three bands: three colored passes in place of one for each unknown.",
    formula=r"f_i(x) = (3 - 2 x_i)\, x_i - x_{i-1} - 2 x_{i+1} + 1",
    source="Moré, Garbow & Hillstrom (1981), problem 30; after Broyden (1965)",
    make=_make_tridiagonal,
    sizes=(_UNKNOWNS,),
    telling={"unknowns": 1_024},
)

BANDED = Family(
    name="broyden_banded",
    title="Broyden's banded system",
    group=GROUP,
    about="Seven bands, more to the left than to the right; the number of colors is their number.",
    formula=r"f_i(x) = x_i (2 + 5 x_i^2) + 1 - \sum_{j \in N(i)} x_j (1 + x_j)",
    source="Moré, Garbow & Hillstrom (1981), problem 31; after Broyden (1971)",
    make=_make_banded,
    sizes=(
        _UNKNOWNS,
        Knob("below", "Bands below", 5, "Neighbors to the left that take part.", 0, 64),
        Knob("above", "Bands above", 1, "Neighbors to the right that take part.", 0, 64),
    ),
    telling={"unknowns": 1_024},
)
