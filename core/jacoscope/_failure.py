"""What went wrong with a strategy, as a status and a sentence.

`attempt` catches everything, as only the boundaries in `run/` do besides: a user's function may
raise anything, and the other strategies go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import jax

from ._measurement import Status

T = TypeVar("T")
_LONGEST = 400


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
    if "Reverse-mode differentiation does not work for lax.while_loop" in text:
        return Failure(
            "unsupported",
            "Reverse mode can't pass a loop whose number of steps is known only when it runs"
            " (while_loop, or fori_loop with dynamic bounds). Use forward mode, or lax.scan.",
        )
    if "forward-mode" in text and "custom_vjp" in text:
        return Failure(
            "unsupported",
            "Forward mode can't pass a function with a custom_vjp rule: it has no JVP."
            " Use reverse mode, or give it a custom_jvp rule.",
        )
    if isinstance(error, jax.errors.ConcretizationTypeError):
        return Failure(
            "unsupported",
            "f branches on the value of its input, which this way of batching has to trace."
            " Use lax.cond or jnp.where in f, or vmap or loop run eagerly.",
        )
    if isinstance(error, ImportError) and text.startswith("Coloring needs"):
        return Failure("unsupported", _first(text))
    if isinstance(error, TypeError | ValueError) and text.startswith(("`", "A Hessian")):
        return Failure("unsupported", _first(text))
    return Failure("crashed", f"f raised {type(error).__name__}: {_first(text)}")


def _first(text: str) -> str:
    """Return the first paragraph, cut to a readable length."""
    head = text.strip().split("\n\n")[0].replace("\n", " ")
    return head if len(head) <= _LONGEST else head[: _LONGEST - 1] + "…"
