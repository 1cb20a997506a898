"""Maps of the plane to itself: a 2×2 Jacobian, which takes a circle to an ellipse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax import Array

from ._family import Draws, Family, Knob, Parts

_HALF, _ROOT = 0.5, 0.75**0.5  # cosine and sine of 60 degrees
_A, _B = 1.4, 0.3  # Hénon's


@dataclass(frozen=True)
class _Map:
    f: Callable[[Array, Array], tuple[Array, Array]]
    rows: Callable[[Array, Array], tuple[tuple[Any, Any], tuple[Any, Any]]]


def _inversion_rows(a: Array, b: Array) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    fourth = (a**2 + b**2) ** 2
    cross = -2 * a * b / fourth
    return ((b**2 - a**2) / fourth, cross), (cross, (a**2 - b**2) / fourth)


_MAPS = {
    "polar": _Map(
        lambda r, t: (r * jnp.cos(t), r * jnp.sin(t)),
        lambda r, t: ((jnp.cos(t), -r * jnp.sin(t)), (jnp.sin(t), r * jnp.cos(t))),
    ),
    "complex square": _Map(
        lambda a, b: (a**2 - b**2, 2 * a * b),
        lambda a, b: ((2 * a, -2 * b), (2 * b, 2 * a)),
    ),
    "complex exponential": _Map(
        lambda a, b: (jnp.exp(a) * jnp.cos(b), jnp.exp(a) * jnp.sin(b)),
        lambda a, b: (
            (jnp.exp(a) * jnp.cos(b), -jnp.exp(a) * jnp.sin(b)),
            (jnp.exp(a) * jnp.sin(b), jnp.exp(a) * jnp.cos(b)),
        ),
    ),
    "inversion": _Map(
        lambda a, b: (a / (a**2 + b**2), b / (a**2 + b**2)),
        _inversion_rows,
    ),
    "rotation": _Map(
        lambda a, b: (_HALF * a - _ROOT * b, _ROOT * a + _HALF * b),
        lambda a, b: ((_HALF, -_ROOT), (_ROOT, _HALF)),
    ),
    "shear": _Map(lambda a, b: (a + 1.5 * b, b), lambda a, b: ((1.0, 1.5), (0.0, 1.0))),
    "fold": _Map(lambda a, b: (a**2 / 2, b), lambda a, b: ((a, 0.0), (0.0, 1.0))),
    "Hénon": _Map(
        lambda a, b: (1 - _A * a**2 + b, _B * a),
        lambda a, b: ((-2 * _A * a, 1.0), (_B, 0.0)),
    ),
}


def _make(*, map: str, seed: int, dtype: Any) -> Parts:  # noqa: A002 (it is the knob's name)
    chosen = _MAPS[map]

    def f(x: Array) -> Array:
        return jnp.stack(chosen.f(x[0], x[1]))

    def jacobian(x: Array) -> Array:
        rows = chosen.rows(x[0], x[1])
        return jnp.stack([jnp.stack([jnp.asarray(e, x.dtype) for e in row]) for row in rows])

    return Parts(f, Draws(seed, dtype).normal(2, scale=0.3, mean=1.0), jacobian)


PLANE = Family(
    name="plane_map",
    title="Circle to ellipse",
    group="Maps of the plane",
    about="Two numbers in, two out: J turns, stretches and flattens small circles into ellipses.",
    formula=r"f: \mathbb{R}^2 \to \mathbb{R}^2, \quad J = U \Sigma V^\top",
    source="Written for Jacoscope; Hénon (1976), A two-dimensional mapping",
    make=_make,
    sizes=(Knob("map", "Map", "polar", "Which map it is.", choices=tuple(_MAPS)),),
)
