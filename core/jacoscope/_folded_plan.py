"""Which folded strategies are worth measuring: those that leave less to be computed in a call.

Where the derivative can be colored they are not asked for: few passes cost less than many folded
ones.
"""

from __future__ import annotations

from typing import Any

import jax

from ._estimate import estimate, ingredients, price
from ._failure import Failure, attempt
from ._folding import Folded
from ._program import program
from ._scene import Scene
from ._strategy import Quantity, Strategy

_LONG = 2_000  # equations, of an `f` that takes long to trace


def plan_folded(quantity: Quantity, scene: Scene, limit_bytes: int | None = None) -> list[Strategy]:
    """List the folded strategies of a comparison.

    Args:
        quantity: What is computed; of a Jacobian or a Hessian the vectors are known beforehand.
        scene: The function and its point.
        limit_bytes: What the arrays that are computed once may take; None for no limit.
    """
    match quantity:
        case "jacobian":
            hoped = [Strategy(quantity, mode, "folded") for mode in ("forward", "reverse")]
        case "hessian":
            hoped = [Strategy(quantity, None, "folded", order="forward_over_reverse")]
        case _:
            return []
    if not scene.jit:
        return []
    length = attempt(lambda: len(jax.make_jaxpr(scene.f)(scene.x).jaxpr.eqns))
    if isinstance(length, Failure) or length > _LONG:
        return []
    pays = {each: attempt(lambda it=each: _pays(it, scene, limit_bytes)) for each in hoped}
    return [each for each in hoped if pays[each] is True]


def _pays(strategy: Strategy, scene: Scene, limit_bytes: int | None) -> bool:
    function: Any = program(strategy, scene.f)
    assert isinstance(function, Folded)
    folding = function.fold(*scene.arguments)
    if not folding.shapes or (limit_bytes is not None and folding.bytes > limit_bytes):
        return False
    left = estimate(folding.rest, folding.shapes, *scene.arguments)
    return left.seconds < price(ingredients(folding.jaxpr)).seconds
