"""The gallery: problems to differentiate, each with its point, sizes, source and closed form."""

from __future__ import annotations

from ._algebra import CONVOLUTION, PROCESS, SOLVE
from ._arrow import ARROW
from ._banded import BANDED, DIFFERENCES, TRIDIAGONAL
from ._bundle import BUNDLE
from ._cluster import KMEANS, MIXTURE
from ._control import CONTROL_FLOW, CUSTOM_VJP, WHILE_LOOP
from ._dense import LINEAR, TALL, WIDE
from ._family import Family as Family
from ._family import Knob as Knob
from ._family import KnobValue as KnobValue
from ._family import Problem as Problem
from ._intermediate import OUTER, PAIRWISE
from ._logistic import LOSS, PREDICT
from ._network import SQUARE, TALL_NETWORK, WIDE_NETWORK
from ._plane import PLANE
from ._rollout import CHAIN, LORENZ, RNN
from ._scalar import LOG_SUM_EXP, ROSENBROCK, TANH_SUM
from ._stencil import BRUSSELATOR, BURGERS

__all__ = ["Family", "Knob", "KnobValue", "Problem", "families", "family", "problem", "problems"]

# In the order of the page: a group's families stand together.
_GALLERY = (
    *(PREDICT, LOSS),
    *(TALL, WIDE, SQUARE, TALL_NETWORK, WIDE_NETWORK, LINEAR),
    *(TANH_SUM, ROSENBROCK, LOG_SUM_EXP),
    *(CHAIN, RNN, LORENZ),
    *(DIFFERENCES, TRIDIAGONAL, BANDED, ARROW, BRUSSELATOR, BURGERS),
    *(PAIRWISE, OUTER),
    *(KMEANS, MIXTURE, BUNDLE),
    *(CONVOLUTION, SOLVE, PROCESS),
    PLANE,
    *(CONTROL_FLOW, WHILE_LOOP, CUSTOM_VJP),
)
_FAMILIES = {each.name: each for each in _GALLERY}


def families() -> tuple[Family, ...]:
    """Return every family, in the gallery's order; nothing is computed."""
    return tuple(_FAMILIES.values())


def family(name: str) -> Family:
    """Return the family of that name; nothing is computed.

    Raises:
        ValueError: There is none.
    """
    if name not in _FAMILIES:
        raise ValueError(f"There is no problem {name!r}. There are {', '.join(_FAMILIES)}.")
    return _FAMILIES[name]


def problems() -> list[str]:
    """Return the names that `problem` takes.

    >>> "logistic_regression" in problems()
    True
    """
    return list(_FAMILIES)


def problem(name: str, **knobs: object) -> Problem:
    """Build a problem of the gallery.

    Args:
        name: One of `problems()`.
        **knobs: Sizes, `dtype` and `seed`; see `Problem.knobs`.

    Returns:
        The problem, with its function `f` and its point `x`.

    Raises:
        ValueError: The name or a knob is unknown, or a value is out of range.

    >>> p = problem("logistic_regression", batch=4)
    >>> p.f(p.x).shape
    (4,)
    """
    return family(name).problem(**knobs)
