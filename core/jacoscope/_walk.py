"""Walks over the equations of a jaxpr, nested ones included, and says how often each runs.

A scan runs its body as often as it is long; a `fori_loop` with static bounds, `lax.map` and the
chunked builders are scans. A `while_loop` has no static trip count: its body counts once, and the
visit says so. Of a `cond` the branch with the most work counts, as which one runs is not known.
Equations whose results are not used are left out, as XLA leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

# Their jaxpr says how two numbers become one, and runs for each.
_COMBINING = ("scatter", "reduce_window", "select_and_scatter")


@dataclass(frozen=True)
class Visit:
    """One equation that does something itself.

    Attributes:
        equation: The equation.
        times: How often it runs, as far as is known.
        known: Whether that is all; False inside of a `while_loop`.
    """

    equation: Any
    times: int = 1
    known: bool = True


def visits(jaxpr: Any, weigh: Callable[[Any], float]) -> Iterator[Visit]:
    """Visit the equations of a jaxpr.

    Args:
        jaxpr: As `jax.make_jaxpr(f)(x).jaxpr`.
        weigh: The work of a branch of a `cond`, to find the one with the most.
    """
    return _visits(jaxpr, [True] * len(jaxpr.outvars), weigh)


def _visits(jaxpr: Any, live_out: Iterable[bool], weigh: Callable[[Any], float]) -> Iterator[Visit]:
    live = {id(var) for var, is_live in zip(jaxpr.outvars, live_out, strict=True) if is_live}
    for equation in reversed(jaxpr.eqns):
        outs = [id(var) in live for var in equation.outvars]
        if not any(outs) and not equation.effects:
            continue
        live.update(id(var) for var in equation.invars)
        yield from _within(equation, outs, weigh)


def _within(equation: Any, outs: list[bool], weigh: Callable[[Any], float]) -> Iterator[Visit]:
    name, params = equation.primitive.name, equation.params
    if name == "scan":
        body = params["jaxpr"].jaxpr
        live = [  # a carry feeds the next step; what is stacked has one more axis
            is_live or outer.aval.ndim == inner.aval.ndim
            for is_live, outer, inner in zip(outs, equation.outvars, body.outvars, strict=True)
        ]
        for visit in _visits(body, live, weigh):
            yield replace(visit, times=visit.times * params["length"])
    elif name == "while":
        for each in ("cond_jaxpr", "body_jaxpr"):
            for visit in visits(params[each].jaxpr, weigh):
                yield replace(visit, known=False)
    elif name == "cond":
        branches = [branch.jaxpr for branch in params["branches"]]
        yield from _visits(max(branches, key=weigh), outs, weigh)
    else:
        nested = [] if name.startswith(_COMBINING) else _nested(params)
        alike = [each for each in nested if len(each.outvars) == len(outs)]
        if alike:
            yield from _visits(alike[0], outs, weigh)
        elif nested:
            yield from visits(nested[0], weigh)
        else:
            yield Visit(equation)


def _nested(params: dict[str, Any]) -> list[Any]:
    return [each for each in map(_as_jaxpr, params.values()) if each is not None]


def _as_jaxpr(value: Any) -> Any:
    """Return the jaxpr that a parameter holds, if it holds one (jit, checkpoint, custom rules)."""
    inner = getattr(value, "jaxpr", value)
    return inner if hasattr(inner, "eqns") and hasattr(inner, "outvars") else None
