"""Floating-point operations of a program, counted in its jaxpr with loop bodies multiplied.

XLA's own count takes a loop body once, whether it runs once or a thousand times. Here a scan
counts its body as often as it runs; a `fori_loop` with static bounds, `lax.map` and the chunked
builders are scans. A `while_loop` has no static trip count: its body is counted once and the
count says so. The conventions are XLA's, so that both agree on programs without loops:
an elementwise operation is one per element of its result, a matrix product two per
multiply–add, a reduction one per element of its operand; moving data and the transcendental
functions (exp, log, tanh, …) are none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jax

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
    return _count(jaxpr, [True] * len(jaxpr.outvars))


def _count(jaxpr: Any, live_out: Iterable[bool]) -> Work:
    live = {id(var) for var, is_live in zip(jaxpr.outvars, live_out, strict=True) if is_live}
    parts: list[Work] = []
    for equation in reversed(jaxpr.eqns):
        outs = [id(var) in live for var in equation.outvars]
        if not any(outs) and not equation.effects:
            continue
        parts.append(_equation(equation, outs))
        live.update(id(var) for var in equation.invars)
    return _sum(parts)


def _equation(equation: Any, outs: list[bool]) -> Work:
    name, params = equation.primitive.name, equation.params
    if name == "scan":
        body = params["jaxpr"].jaxpr
        live = [  # a carry feeds the next step; what is stacked has one more axis
            is_live or outer.aval.ndim == inner.aval.ndim
            for is_live, outer, inner in zip(outs, equation.outvars, body.outvars, strict=True)
        ]
        return _times(_count(body, live), params["length"])
    if name == "while":
        body = _sum([count_jaxpr(params[each].jaxpr) for each in ("cond_jaxpr", "body_jaxpr")])
        return Work(body.flops, body.touched_bytes, body.touched_once_bytes, ONCE)
    if name == "cond":  # the costliest branch: which one runs is not known
        return max(
            (_count(branch.jaxpr, outs) for branch in params["branches"]), key=lambda w: w.flops
        )
    nested = [each for each in map(_as_jaxpr, params.values()) if each is not None]
    if nested:
        alike = [each for each in nested if len(each.outvars) == len(outs)]
        return _count(alike[0], outs) if alike else count_jaxpr(nested[0])
    touched = float(sum(map(_bytes, (*equation.invars, *equation.outvars))))
    return Work(_flops(name, equation), touched, touched)


def _flops(name: str, equation: Any) -> float:
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


def _as_jaxpr(value: Any) -> Any:
    """Return the jaxpr that a parameter holds, if it holds one (jit, checkpoint, custom rules)."""
    inner = getattr(value, "jaxpr", value)
    return inner if hasattr(inner, "eqns") and hasattr(inner, "outvars") else None


def _bytes(var: Any) -> int:
    aval = var.aval
    return aval.size * aval.dtype.itemsize if hasattr(aval, "dtype") else 0


def _sum(parts: list[Work]) -> Work:
    return Work(
        sum(part.flops for part in parts),
        sum(part.touched_bytes for part in parts),
        sum(part.touched_once_bytes for part in parts),
        next((part.note for part in parts if part.note), ""),
    )


def _times(body: Work, length: int) -> Work:
    return Work(
        body.flops * length, body.touched_bytes * length, body.touched_once_bytes, body.note
    )
