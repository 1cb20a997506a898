"""How long a program may take, from its jaxpr alone: an estimate to rank strategies by, no time.

A linear model: so many seconds an element of each kind of operation, a matrix product's FLOP, a
byte of a large array, and an equation run inside a loop. The weights were fitted to the measured
times of the strategies of a comparison, over functions of many kinds on a CPU with two cores, with
the ratios between strategies of one function counting most (`benchmarks/estimates.py` fits them
anew). Other machines are faster or slower; what is compared here is one program with another.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax

from ._flops import equation_flops
from ._folding import Folded
from ._walk import visits

_LARGE = 2**24  # bytes of an array that no cache holds

_KINDS = {
    "transcendental": """
        acos acosh asin asinh atan atan2 atanh cbrt cos cosh digamma erf erf_inv erfc exp exp2
        expm1 lgamma log log1p logistic pow sin sinh tan tanh
    """,
    "divide": "div integer_pow rem rsqrt sqrt",
    "reduce": """
        argmax argmin reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum
    """,
    "scan": "cumlogsumexp cummax cummin cumprod cumsum reduce_window reduce_window_sum",
    "gather": "gather",
    "move": "concatenate copy dynamic_slice pad rev slice transpose",
    "solve": "cholesky eig eigh householder_product lu qr schur svd triangular_solve",
    "sort": "sort",
    "fft": "fft",
    "dot": "dot_general",
    "conv": "conv_general_dilated",
    "free": """
        broadcast_in_dim convert_element_type copy_p expand_dims iota reshape split squeeze
        stop_gradient
    """,
}
_KIND = {name: kind for kind, names in _KINDS.items() for name in names.split()}

_FUSED = ("elementwise", "divide", "transcendental", "free", "update")

# Seconds a unit of each kind: a call; a FLOP of products; a byte of a large array; an equation run
# in a loop; an element of the rest, times the logarithm of its length for scan, sort and fft.
WEIGHTS: Mapping[str, float] = {
    "call": 1e-5,
    "step": 2e-8,
    "dot": 8e-12,
    "conv": 8e-11,
    "solve": 2e-11,
    "fft": 1e-10,
    "free": 1e-12,
    "elementwise": 8e-11,
    "divide": 4e-11,
    "transcendental": 3e-10,
    "reduce": 2e-10,
    "scan": 5e-10,
    "sort": 2e-10,
    "gather": 3e-10,
    "scatter": 3e-9,
    "move": 1e-10,
    "update": 5e-10,
    "large": 5e-10,
}


@dataclass(frozen=True)
class Estimate:
    """What a program may take.

    Attributes:
        seconds: Of one call.
        parts: Kind of work → its seconds.
    """

    seconds: float
    parts: Mapping[str, float]

    @property
    def largest(self) -> str:
        """The kind of work that takes most of it."""
        return max(self.parts, key=lambda kind: self.parts[kind])


def estimate(function: Callable[..., Any], *arguments: Any) -> Estimate:
    """Estimate a call of a function by tracing it; nothing runs.

    Args:
        function: A function of arrays.
        *arguments: Its arguments, or their shapes as `jax.ShapeDtypeStruct`.

    >>> import jax.numpy as jnp
    >>> small, large = (estimate(lambda a: a @ a, jnp.ones((n, n))) for n in (8, 256))
    >>> small.seconds < large.seconds
    True
    """
    if isinstance(function, Folded):
        folding = function.fold(*arguments)
        return estimate(folding.rest, folding.shapes, *arguments)
    return price(ingredients(jax.make_jaxpr(function)(*arguments).jaxpr))


def ingredients(jaxpr: Any) -> dict[str, float]:
    """Count what a jaxpr is made of, in the units that `WEIGHTS` prices."""
    amounts: defaultdict[str, float] = defaultdict(float, call=1.0)
    for visit in visits(jaxpr, lambda branch: price(ingredients(branch)).seconds):
        kind, amount = _amount(visit.equation)
        amounts[kind] += visit.times * amount
        if visit.times > 1:
            amounts["step"] += visit.times
        if kind not in _FUSED:
            sizes = map(_bytes, visit.equation.outvars)
            amounts["large"] += visit.times * sum(size for size in sizes if size > _LARGE)
    return dict(amounts)


def price(amounts: Mapping[str, float]) -> Estimate:
    """Return what `ingredients` may take."""
    parts = {kind: WEIGHTS.get(kind, 0.0) * amount for kind, amount in amounts.items()}
    return Estimate(sum(parts.values()), parts)


def _amount(equation: Any) -> tuple[str, float]:
    """Return the kind of an equation and how much of it there is."""
    name = equation.primitive.name
    out = float(sum(map(_size, equation.outvars)))
    if name.startswith("scatter"):
        return "scatter", float(_size(equation.invars[2]))
    if name == "dynamic_update_slice":
        return "update", float(_size(equation.invars[1]))
    kind = _KIND.get(name, "elementwise")
    match kind:
        case "dot" | "conv":
            return kind, equation_flops(equation)
        case "reduce":
            return kind, float(_size(equation.invars[0]))
        case "scan" | "sort" | "fft":
            length = max([1, *getattr(equation.outvars[0].aval, "shape", ())])
            return kind, out * math.log2(max(length, 2))
        case "solve":
            return kind, out * max([1, *getattr(equation.invars[0].aval, "shape", ())[-2:]])
        case _:
            return kind, out


def _size(var: Any) -> int:
    return getattr(var.aval, "size", 0)


def _bytes(var: Any) -> int:
    return _size(var) * getattr(getattr(var.aval, "dtype", None), "itemsize", 0)
