"""Sparsity for every x, proven from the jaxpr by asdex.

asdex reads the function itself, and where a `custom_jvp` or `custom_vjp` rule stands in it the
function's own body, not the rule: a rounding whose rule passes the tangent straight through would
have an empty Jacobian. So where there is such a rule, what is read is the linear map (x, v) ↦
∂f(x) v, or (x, u) ↦ ∂f(x)ᵀ u, with respect to the vector; there the rules have been applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import core
from jaxtyping import Array, PyTree

from ._asdex import import_asdex
from ._failure import Failure, attempt
from ._pattern import Pattern, make_pattern, transposed
from ._point import checked, size

_OWN_RULES = {"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}


def proven_pattern(f: Callable[[Any], Any], x: PyTree[Array]) -> Pattern | Failure:
    """Prove where the Jacobian of `f` is zero whatever `x`; only shapes of `x` are used.

    Args:
        f: Function of one pytree.
        x: A checked point; may be traced.

    Returns:
        The pattern; or why there is none, as where `f` holds a primitive that asdex does not
        know (`fft`, `custom_linear_solve`) or branches on values.

    Raises:
        ImportError: asdex is not installed.
    """
    import_asdex()
    point, function = _zeros(x), checked(f)

    def pushed(x: Any, v: Any) -> Any:
        return jax.jvp(function, (x,), (v,))[1]

    def pulled(x: Any, u: Any) -> Any:
        return jax.vjp(function, x)[1](u)[0]

    jaxpr = attempt(lambda: jax.make_jaxpr(function)(point))
    if isinstance(jaxpr, Failure):
        return jaxpr
    if _OWN_RULES.isdisjoint(_primitives(jaxpr.jaxpr)):
        return attempt(lambda: _read(function, (point,)))
    found = attempt(lambda: _read(pushed, (point, point)))
    if not isinstance(found, Failure):
        return replace(found, through="jvp")
    y = _zeros(jax.eval_shape(function, point))
    found = attempt(lambda: _read(pulled, (point, y)))
    if isinstance(found, Failure):
        return found
    return replace(transposed(found), through="vjp")


def _read(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Pattern:
    """Have asdex read a function with respect to its last argument."""
    asdex, last = import_asdex(), len(arguments) - 1
    jaxpr, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
    if any(isinstance(each, core.Tracer) for each in jaxpr.consts):
        # asdex looks at the values of constants; of those of an outer trace there are none

        def evaluated(consts: list[Any], *arguments: Any) -> Any:
            leaves = jax.tree.leaves(arguments)
            return core.eval_jaxpr(jaxpr.jaxpr, consts, *leaves)

        consts = [_zeros(each) for each in jaxpr.consts]
        found = asdex.jacobian_sparsity(evaluated, consts, *arguments, argnums=last + 1)
    else:
        found = asdex.jacobian_sparsity(function, *arguments, argnums=last)
    assert found.shape == (size(shapes), size(arguments[last]))
    return make_pattern(found.rows, found.cols, found.shape, "proven")


def _zeros(tree: PyTree[Any]) -> PyTree[np.ndarray]:
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), tree)


def _primitives(jaxpr: Any) -> Iterator[str]:
    """Name every primitive of a jaxpr, also of those within its equations."""
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for value in equation.params.values():
            for each in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(each, "jaxpr", each)
                if hasattr(inner, "eqns"):
                    yield from _primitives(inner)
