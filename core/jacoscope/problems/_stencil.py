"""Grids on which every cell sees its neighbors: sparse at scale, and a band that widens.

The Brusselator is the one of the sparse benchmark of SciML, at t = 0, where its forcing is off:
u' = 1 + u²v − 4.4u + α∇²u, v' = 3.4u − u²v + α∇²v on a periodic unit square, α = 10.
Burgers' equation u' + u uₓ = ν uₓₓ is stepped in time with central differences on a circle, in
units of the grid, so that it is stable at every size.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._banded import GROUP
from ._family import Draws, Family, Knob, Parts
from ._rollout import repeat

_A, _B, _ALPHA = 3.4, 1.0, 10.0
_ADVECTION, _DIFFUSION = 0.2, 0.2


def _make_brusselator(*, side: int, seed: int, dtype: Any) -> Parts:
    rate = _ALPHA * (side - 1) ** 2  # α/dx²

    def spread(w: Float[Array, "side side *more"]) -> Float[Array, "side side *more"]:
        sides = [jnp.roll(w, shift, axis) for shift in (1, -1) for axis in (0, 1)]
        return rate * (sum(sides) - 4 * w)

    def f(x: Float[Array, "2 side side"]) -> Float[Array, "2 side side"]:
        u, v = x
        made = u**2 * v
        return jnp.stack(
            [spread(u) + _B + made - (_A + 1) * u, spread(v) + _A * u - made],
        )

    def jacobian(x: Float[Array, "2 side side"]) -> Float[Array, "2 side side 2 side side"]:
        u, v = x.reshape(2, -1)
        cells = jnp.eye(side**2, dtype=x.dtype)
        diffusion = spread(cells.reshape(side, side, -1)).reshape(side**2, side**2)
        blocks = [
            [diffusion + jnp.diag(2 * u * v - (_A + 1)), jnp.diag(u**2)],
            [jnp.diag(_A - 2 * u * v), diffusion - jnp.diag(u**2)],
        ]
        return jnp.block(blocks).reshape(2, side, side, 2, side, side)

    across = np.linspace(0.0, 1.0, side)
    hill = (across * (1 - across)) ** 1.5
    start = np.stack([np.tile(22 * hill, (side, 1)), np.tile(27 * hill[:, None], side)])
    return Parts(f, Draws(seed, dtype).normal(2, side, side, scale=0.1, mean=start), jacobian)


def _make_burgers(*, steps: int, cells: int, seed: int, dtype: Any) -> Parts:
    def step(u: Float[Array, " n"]) -> Float[Array, " n"]:
        left, right = jnp.roll(u, 1), jnp.roll(u, -1)
        flux = (right**2 - left**2) / 4
        return u - _ADVECTION * flux + _DIFFUSION * (right - 2 * u + left)

    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        return repeat(step, x, steps)

    wave = np.sin(2 * np.pi * np.arange(cells) / cells)
    return Parts(f, Draws(seed, dtype).normal(cells, scale=0.1, mean=wave))


BRUSSELATOR = Family(
    name="brusselator",
    title="Brusselator on a square",
    group=GROUP,
    about="A reaction that spreads: 2N² unknowns, six entries in a row, sparse at any size.",
    formula=(
        r"\dot{u} = 1 + u^2 v - 4.4\, u + \alpha \Delta u, \quad \dot{v} = 3.4\, u - u^2 v + "
        r"\alpha \Delta v"
    ),
    source="Hairer & Wanner (1996), Solving ODEs II; as in SciML's sparse AD benchmark (N = 32)",
    make=_make_brusselator,
    sizes=(Knob("side", "Side", 5, "Cells on a side, N: 2N² inputs and outputs.", 2, 512),),
    telling={"side": 32},
)

BURGERS = Family(
    name="burgers",
    title="Burgers' equation, rolled out",
    group=GROUP,
    about="Each time step widens the band by a cell on either side: fill-in takes the gain away.",
    formula=r"\dot{u} + u\, u_x = \nu\, u_{xx}, \; T \text{ steps}",
    source="Burgers (1948), A mathematical model illustrating the theory of turbulence",
    make=_make_burgers,
    sizes=(
        Knob("steps", "Steps", 4, "Steps in time, T; the band has 2T + 1 cells.", 1, 4_096),
        Knob("cells", "Cells", 48, "Cells on the circle: inputs and outputs.", 3, 65_536),
    ),
    telling={"steps": 64, "cells": 128},
)
