"""What went wrong with a strategy, as a status and a sentence.

`attempt` catches everything, as only the boundaries in `run/` do besides: a user's function may
raise anything, and the other strategies go on. The sentences are the same wherever they are read:
on a row, in a terminal, on the page, and below the traceback of who calls from Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import jax

from ._measurement import Status

T = TypeVar("T")
_LONGEST = 400
_SHAPES = re.compile(r"incompatible shapes|contracting dimensions|cannot reshape", re.IGNORECASE)
_TRACED = "which this way of batching has to trace"
_EAGERLY = "vmap or loop run eagerly"

LEFT_BEHIND = (
    "`f` must compute from `x` alone, but uses a value that an earlier trace of it has left behind,"
    " in a list, a global or an attribute. Return what is to be kept, and pass what is needed"
    " as part of `x`."
)


@dataclass(frozen=True)
class Failure:
    """A status other than ok, and a sentence that says what happened and what to do."""

    status: Status
    message: str


class PlainError(ValueError):
    """A user's mistake whose text says all: nothing is put before it."""


def attempt(work: Callable[[], T]) -> T | Failure:
    """Return what `work` returns, or the failure that it ran into."""
    try:
        return work()
    except (Exception, SystemExit) as error:  # noqa: BLE001 (see the module docstring)
        return explain(error)


def explain(error: BaseException) -> Failure:
    """Turn an exception into a status and a sentence."""
    text = str(error)
    if isinstance(error, PlainError):
        return Failure("unsupported", _first(text))
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text:
        return Failure("out_of_memory", f"It ran out of memory: {_first(text)}")
    said = _known(error, text)
    if said:
        return Failure("unsupported", said)
    return Failure("crashed", f"f raised {type(error).__name__}: {_first(text)}")


@contextmanager
def explained() -> Iterator[None]:
    """Add the sentence for what is raised within, where there is one, as a note below it.

    Note:
        The exception stays as it is, for those who catch it.
    """
    try:
        yield
    except (TypeError, ValueError, IndexError) as error:
        text = str(error)
        said = _known(error, text)
        if said and said != _first(text) and said not in getattr(error, "__notes__", ()):
            error.add_note(said)
        raise


def _known(error: BaseException, text: str) -> str:
    """Return the sentence for what JAX or this package refuses; empty for a user's own trouble."""
    if "Reverse-mode differentiation does not work for lax.while_loop" in text:
        return (
            "Reverse mode can't pass a loop whose number of steps is known only when it runs"
            " (while_loop, or fori_loop with dynamic bounds). Use forward mode, or lax.scan."
        )
    if "forward-mode" in text and "custom_vjp" in text:
        return (
            "Forward mode can't pass a function with a custom_vjp rule: it has no JVP."
            " Use reverse mode, or give it a custom_jvp rule."
        )
    if isinstance(error, ImportError) and text.startswith("Coloring needs"):
        return _first(text)
    said = _of_tracing(error)
    if said or not isinstance(error, TypeError | ValueError):
        return said
    if text.startswith(("`", "A Hessian")):
        return _first(text)
    if "callbacks do not support JVP" in text:
        return (
            "`f` must have a derivative, but calls back into Python by `pure_callback` or"
            " `io_callback`, which have none. Write that part in jax.numpy, or give it a rule by"
            " `jax.custom_jvp`."
        )
    if "cannot select an axis to squeeze out" in text or "logical devices" in text:
        return (
            f"f raised {type(error).__name__}: {_first(text).rstrip('.')}. If that comes from a"
            " `jax.pmap`: it takes one row for each device, and there"
            f" {_devices()}. Use `jax.vmap` in its place."
        )
    if _SHAPES.search(text):
        return (
            "`x` must have a shape that `f` can take, but `f` raised"
            f" {type(error).__name__}: {_first(text).rstrip('.')}. Pass an `x` that fits, or make"
            " `f` fit it."
        )
    return ""


def _of_tracing(error: BaseException) -> str:
    """Return the sentence for Python that tracing can't follow; empty for anything else."""
    match error:
        case jax.errors.UnexpectedTracerError():
            return LEFT_BEHIND
        case jax.errors.TracerArrayConversionError():
            return (
                "`f` must compute with jax.numpy, but hands a traced array to NumPy, as `np.sin(x)`"
                " or `np.asarray(x)` does. Write `jnp` for `np`."
            )
        case jax.errors.TracerBoolConversionError():
            return (
                f"f branches on the value of its input, {_TRACED}."
                f" Use lax.cond or jnp.where in f, or {_EAGERLY}."
            )
        case jax.errors.TracerIntegerConversionError():
            return (
                f"f takes a computed value for an index of a list or for a range, {_TRACED}."
                f" Index an array with it, or use lax.fori_loop, or {_EAGERLY}."
            )
        case jax.errors.NonConcreteBooleanIndexError():
            return (
                "f picks values by a mask, so that values decide on a shape,"
                f" {_TRACED}. Use jnp.where in f, or {_EAGERLY}."
            )
        case jax.errors.ConcretizationTypeError():
            return (
                "`f` must compute with arrays, but makes Python numbers or a shape of a traced one,"
                " as `float(x)`, `x.tolist()` or `jnp.nonzero` does. Use `jnp.asarray(x, float)`,"
                " and `jnp.where` for what depends on values."
            )
        case _:
            return ""


def _devices() -> str:
    count = jax.local_device_count()
    return "is 1 of them" if count == 1 else f"are {count} of them"


def _first(text: str) -> str:
    """Return the first paragraph, cut to a readable length."""
    head = text.strip().split("\n\n")[0].replace("\n", " ")
    return head if len(head) <= _LONGEST else head[: _LONGEST - 1] + "…"
