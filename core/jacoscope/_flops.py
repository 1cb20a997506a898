"""Floating-point operations of a program, counted in its jaxpr with loop bodies multiplied.

XLA's own count takes a loop body once, whether it runs once or a thousand times; here it counts
as often as it runs (`_walk.py`). The conventions are XLA's, so that both agree on programs without
loops: an elementwise operation is one per element of its result, a matrix product two per
multiply–add, a reduction one per element of its operand; moving data and the transcendental
functions (exp, log, tanh, …) are none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from ._walk import visits

ONCE = "loop body counted once"

_ELEMENTWISE = """
    abs add add_any and ceil clamp div eq floor ge gt integer_pow is_finite le lt max min mul ne
    neg nextafter not or rem round rsqrt select_n shift_left shift_right_arithmetic
    shift_right_logical sign sqrt square sub xor
"""
_REDUCTIONS = """
    argmax argmin cumlogsumexp cummax cummin cumprod cumsum reduce_and reduce_max reduce_min
    reduce_or reduce_prod reduce_sum
"""


@dataclass(frozen=True)
class Work:
    """What a program does.

    Attributes:
        flops: Floating-point operations, loop bodies multiplied.
        touched_bytes: Bytes of all operands and results, loop bodies multiplied; far above what
            a fused program moves, and used only as a ratio to `touched_once_bytes`.
        touched_once_bytes: The same with each loop body once.
        note: `loop body counted once` where a trip count is not static; else empty.
    """

    flops: float
    touched_bytes: float
    touched_once_bytes: float
    note: str = ""

    @property
    def loop_factor(self) -> float:
        """How many times more is touched than a count that takes each loop body once tells."""
        return self.touched_bytes / self.touched_once_bytes if self.touched_once_bytes else 1.0


def count_work(function: Callable[..., Any], *arguments: Any) -> Work:
    """Count the work of a function by tracing it; nothing runs.

    Args:
        function: A function of arrays.
        *arguments: Its arguments, or their shapes as `jax.ShapeDtypeStruct`.

    >>> import jax.numpy as jnp
    >>> count_work(lambda a: a @ a, jnp.ones((10, 10))).flops
    2000.0
    """
    return count_jaxpr(jax.make_jaxpr(function)(*arguments).jaxpr)


def count_jaxpr(jaxpr: Any) -> Work:
    """Count the work of a jaxpr, without equations whose results are not used."""
    flops = touched = touched_once = 0.0
    note = ""
    for visit in visits(jaxpr, lambda branch: count_jaxpr(branch).flops):
        equation = visit.equation
        size = float(sum(map(_bytes, (*equation.invars, *equation.outvars))))
        flops += visit.times * equation_flops(equation)
        touched += visit.times * size
        touched_once += size
        note = note if visit.known else ONCE
    return Work(flops, touched, touched_once, note)


def equation_flops(equation: Any) -> float:
    """Count the floating-point operations of one equation, without those nested in it."""
    name = equation.primitive.name
    if not equation.outvars:  # it prints, say
        return 0.0
    out = equation.outvars[0].aval
    if name in _ELEMENTWISE.split():
        return float(out.size)
    if name == "one_minus_square":  # part of tanh's rule on newer JAX
        return 2.0 * out.size
    if name in _REDUCTIONS.split():
        return float(equation.invars[0].aval.size)
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return 2.0 * out.size * math.prod(shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval
        features = kernel.shape[equation.params["dimension_numbers"].rhs_spec[0]]
        return 2.0 * out.size * kernel.size / max(features, 1)
    if name in ("scatter-add", "scatter_add", "scatter-mul"):
        return float(equation.invars[2].aval.size)
    return 0.0


def _bytes(var: Any) -> int:
    aval = var.aval
    return aval.size * aval.dtype.itemsize if hasattr(aval, "dtype") else 0
