"""The gallery: problems to differentiate, each with its point, sizes, source and closed form."""

from __future__ import annotations

from ._control import CONTROL_FLOW
from ._dense import SQUARE, TALL, WIDE
from ._family import Family as Family
from ._family import Knob as Knob
from ._family import KnobValue as KnobValue
from ._family import Problem as Problem
from ._logistic import LOSS, PREDICT
from ._scalar import TANH_SUM

__all__ = ["Family", "Knob", "KnobValue", "Problem", "families", "family", "problem", "problems"]

_FAMILIES = {
    each.name: each for each in (PREDICT, LOSS, SQUARE, TALL, WIDE, TANH_SUM, CONTROL_FLOW)
}


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
