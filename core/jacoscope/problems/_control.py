"""What tracing and each mode allow: a branch in Python, a loop until converged, a rule by hand.

Kepler's equation E − e sin E = M is solved for E by Newton's method. With a `while_loop` only
forward mode passes; with a VJP rule from the implicit function theorem only reverse mode does.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts
from ._logistic import SOURCE

_GROUP = "What tracing allows"
_ORBITS = Knob("orbits", "Orbits", 32, "Equations that are solved, all at once.", 1, 65_536)


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


def _kepler(anomaly: Float[Array, " n"], shape: Float[Array, " n"]) -> Float[Array, " n"]:
    """Solve E − e sin E = M by Newton's method, to the last digits, in at most 50 steps."""
    smallest = 4 * jnp.finfo(anomaly.dtype).eps

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        count, angle, step = state
        return (count < 50) & jnp.any(jnp.abs(step) > smallest * (1 + jnp.abs(angle)))

    def newton(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        count, angle, _ = state
        miss = angle - shape * jnp.sin(angle) - anomaly
        step = miss / (1 - shape * jnp.cos(angle))
        return count + 1, angle - step, step

    first = (jnp.array(0), anomaly + shape * jnp.sin(anomaly), jnp.ones_like(anomaly))
    return lax.while_loop(unfinished, newton, first)[1]


def _make_while(*, orbits: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    shape = draws.positive(orbits, mean=0.4)

    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        return _kepler(x, shape.astype(x.dtype))

    return Parts(f, draws.normal(orbits), lambda x: jnp.diag(1 / (1 - shape * jnp.cos(f(x)))))


def _make_custom(*, orbits: int, seed: int, dtype: Any) -> Parts:
    def slopes(angle: Array, x: dict[str, Array]) -> dict[str, Array]:
        speed = 1 / (1 - x["eccentricity"] * jnp.cos(angle))
        return {"anomaly": speed, "eccentricity": speed * jnp.sin(angle)}

    @jax.custom_vjp
    def f(x: dict[str, Array]) -> Float[Array, " n"]:
        return _kepler(x["anomaly"], x["eccentricity"])

    def forward(x: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
        angle = f(x)
        return angle, slopes(angle, x)

    def backward(saved: dict[str, Array], cotangent: Array) -> tuple[dict[str, Array]]:
        return (jax.tree.map(lambda slope: slope * cotangent, saved),)

    f.defvjp(forward, backward)
    draws = Draws(seed, dtype)
    x = {"anomaly": draws.normal(orbits), "eccentricity": draws.positive(orbits, mean=0.4)}
    return Parts(f, x, lambda x: jax.tree.map(jnp.diag, slopes(f(x), x)))


CONTROL_FLOW = Family(
    name="python_control_flow",
    title="Python try and if on a value",
    group=_GROUP,
    about="f branches on the value of x, so it can't be jitted; the linear part at a point can.",
    formula=r"f(x) = \begin{cases} 2 x^3 & x < 3 \\ \pi x & x \ge 3 \end{cases}",
    source=SOURCE,
    make=_make,
    sizes=(Knob("point", "Point", 4, "Where f is differentiated.", -100, 100),),
)

WHILE_LOOP = Family(
    name="while_loop",
    title="Loop until converged",
    group=_GROUP,
    about="How many steps the loop takes depends on x: forward mode passes, reverse mode can't.",
    formula=r"E - e \sin E = M, \quad E \leftarrow E - \frac{E - e \sin E - M}{1 - e \cos E}",
    source="Kepler (1609), Astronomia nova; Newton's method on E − e sin E = M",
    make=_make_while,
    sizes=(_ORBITS,),
    telling={"orbits": 512},
)

CUSTOM_VJP = Family(
    name="custom_vjp",
    title="A VJP rule of one's own",
    group=_GROUP,
    about="The same loop with its VJP written by hand: reverse mode passes, forward mode can't.",
    formula=(
        r"E - e \sin E = M, \quad \frac{\partial E}{\partial M} = \frac{1}{1 - e \cos E}, "
        r"\quad \frac{\partial E}{\partial e} = \frac{\sin E}{1 - e \cos E}"
    ),
    source="Kepler (1609), Astronomia nova; implicit differentiation: ∂E/∂M = 1/(1 − e cos E)",
    make=_make_custom,
    sizes=(_ORBITS,),
    telling={"orbits": 512},
)
