"""Whether `f` computes from `x` alone, as JAX takes for granted: two of its traces held together.

A program keeps what its one trace found: a random number of Python's or NumPy's, a clock, a
counter. Two traces of such a function differ, in an equation or in a constant. What both traces
agree on is not found out, such as a global that only others change.

A value that a trace has left in a list, a global or an attribute shows there as what it is: an
instance of `jax.core.Tracer`, outside of any trace.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import core

from ._failure import Failure, attempt
from ._point import unary

DIFFERS = (
    "Two traces of `f` differ: it depends on something besides `x`, such as Python's or NumPy's"
    " random numbers, a clock, or a global that it changes. JAX traces `f` once and keeps what"
    " that trace found: pass what changes as part of `x`, and draw by `jax.random` from a key."
)


@dataclass(frozen=True)
class Purity:
    """What two traces of a function have shown.

    Attributes:
        differs: Whether they differ.
        uses_left: Whether the second computes with what an earlier one has left behind.
        left: Names of variables of the function that hold traced values now.
    """

    differs: bool = False
    uses_left: bool = False
    left: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What to say of it; empty where nothing was found."""
        said = [DIFFERS] if self.differs else []
        if self.left:
            names = ", ".join(f"`{name}`" for name in self.left)
            said.append(
                f"`f` has a side effect: its trace has left traced values in {names}, which are"
                " of no use after it. Return what is to be kept."
            )
        return " ".join(said)


def look_twice(f: Callable[..., Any], x: Any, argnums: int | tuple[int, ...] = 0) -> Purity:
    """Trace a function twice, without a `jit` of its own, and hold the traces together.

    Nothing is found within a trace of the caller's, where traced values may lie about, nor of
    an `f` that can't be traced.

    Args:
        f: The function.
        x: The point, or the tuple of all arguments.
        argnums: Which of them are differentiated.
    """
    if isinstance(jnp.zeros(()), core.Tracer):
        return Purity()
    bare = _without_jit(f)
    first = attempt(lambda: _trace(bare, x, argnums))
    if isinstance(first, Failure):
        return Purity()
    second = attempt(lambda: _trace(bare, x, argnums))
    left = tuple(sorted(_left_in(bare)))
    if isinstance(second, Failure):
        return Purity(differs=True, left=left)
    if any(isinstance(each, core.Tracer) for each in constants(second)):
        return Purity(uses_left=True, left=left)
    return Purity(differs=not alike(first, second), left=left)


def _trace(f: Callable[..., Any], x: Any, argnums: int | tuple[int, ...]) -> Any:
    g, point = unary(f, x, argnums)
    return jax.make_jaxpr(lambda x: g(x))(point)  # noqa: PLW0108 (JAX would remember g's trace)


def _without_jit(f: Any) -> Any:
    """Return what was jitted, as JAX traces that once only."""
    if isinstance(f, partial) and not f.args and not f.keywords:
        return _without_jit(f.func)
    return getattr(f, "__wrapped__", f) if isinstance(f, jax.stages.Wrapped) else f


def constants(jaxpr: Any) -> Iterable[Any]:
    """List what a jaxpr, or one in it, has taken from outside."""
    yield from getattr(jaxpr, "consts", ())
    for equation in _open(jaxpr).eqns:
        for value in equation.params.values():
            for each in value if isinstance(value, tuple | list) else (value,):
                if _open(each) is not None:
                    yield from constants(each)


def alike(first: Any, second: Any) -> bool:
    """Return whether two jaxprs compute the same, as far as can be seen.

    Names don't matter. Parameters that are neither jaxprs nor plain values are not looked at.
    """
    ours, theirs = _open(first), _open(second)
    pairs = list(zip(getattr(first, "consts", ()), getattr(second, "consts", ()), strict=False))
    if not all(_same(*pair) for pair in pairs):
        return False
    counterpart: dict[int, int] = {}

    def bind(mine: list[Any], others: list[Any]) -> bool:
        counterpart.update((id(a), id(b)) for a, b in zip(mine, others, strict=False))
        return len(mine) == len(others) and all(
            str(a.aval) == str(b.aval) for a, b in zip(mine, others, strict=True)
        )

    def match(mine: list[Any], others: list[Any]) -> bool:
        return len(mine) == len(others) and all(
            _same(a.val, b.val)
            if hasattr(a, "val") and hasattr(b, "val")
            else counterpart.get(id(a)) == id(b)
            for a, b in zip(mine, others, strict=True)
        )

    if not bind([*ours.constvars, *ours.invars], [*theirs.constvars, *theirs.invars]):
        return False
    if len(ours.eqns) != len(theirs.eqns):
        return False
    for a, b in zip(ours.eqns, theirs.eqns, strict=True):
        if not (
            a.primitive.name == b.primitive.name
            and match(a.invars, b.invars)
            and bind(a.outvars, b.outvars)
            and all(_same(value, b.params.get(name)) for name, value in a.params.items())
        ):
            return False
    return match(ours.outvars, theirs.outvars)


def _open(value: Any) -> Any:
    """Return a jaxpr without its constants; None of what is no jaxpr."""
    inner = getattr(value, "jaxpr", value)
    return inner if hasattr(inner, "eqns") and hasattr(inner, "outvars") else None


def _same(first: Any, second: Any) -> bool:
    """Return whether two values are alike; True of what can't be told."""
    if first is second:
        return True
    if _open(first) is not None and _open(second) is not None:
        return alike(first, second)
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        return len(first) == len(second) and all(map(_same, first, second))
    plain = (bool, int, float, complex, str, bytes)
    if isinstance(first, plain) and isinstance(second, plain):
        return first == second or (first != first and second != second)  # NaN
    if _is_array(first) and _is_array(second):
        return _same_array(first, second)
    return True


def _is_array(value: Any) -> bool:
    return isinstance(value, jax.Array) or (hasattr(value, "__array__") and hasattr(value, "shape"))


def _same_array(first: Any, second: Any) -> bool:
    if isinstance(first, core.Tracer) or isinstance(second, core.Tracer):
        return True
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    if jnp.issubdtype(first.dtype, jax.dtypes.prng_key):
        first, second = jax.random.key_data(first), jax.random.key_data(second)
    ours, theirs = np.asarray(first), np.asarray(second)
    return np.array_equal(ours, theirs, equal_nan=jnp.issubdtype(ours.dtype, jnp.inexact))


def _left_in(f: Any) -> Iterable[str]:
    """Name the variables of a function, and the attributes of its object, that hold tracers."""
    f = f.func if isinstance(f, partial) else f
    owner = getattr(f, "__self__", f)
    function = getattr(f, "__func__", f)
    if not inspect.isfunction(function):
        function = type(function).__call__
    found = {f"{type(owner).__name__}.{name}": value for name, value in _attributes(owner).items()}
    if inspect.isfunction(function):
        try:
            seen = inspect.getclosurevars(function)
        except ValueError:  # a variable of the closure is not set yet
            return _holding(found)
        found.update({**seen.globals, **seen.nonlocals})
    return _holding(found)


def _holding(found: Mapping[str, Any]) -> list[str]:
    return [name for name, value in found.items() if any(map(_is_tracer, _within(value)))]


def _within(value: Any) -> Iterable[Any]:
    """List a value with what lies in it, one level down."""
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, list | tuple | set | deque):
        return value
    return (value, *_attributes(value).values())


def _attributes(value: Any) -> dict[str, Any]:
    if inspect.ismodule(value) or isinstance(value, type | core.Tracer):
        return {}
    return dict(getattr(value, "__dict__", {}))


def _is_tracer(value: Any) -> bool:
    return isinstance(value, core.Tracer)
