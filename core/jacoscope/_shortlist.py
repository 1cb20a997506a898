"""Which strategies are worth measuring, the likeliest to be the fastest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from ._estimate import Estimate, estimate
from ._failure import Failure, attempt
from ._program import program
from ._strategy import Strategy

CHUNK_SIZES = (8, 32, 128)
_HOPELESS = 10.0  # times the least estimate, above which no measurement is spent


@dataclass(frozen=True)
class Ranked:
    """A strategy and what it may take."""

    strategy: Strategy
    estimate: Estimate


def rank(
    strategies: Sequence[Strategy], f: Callable[[Any], Any], arguments: tuple[Any, ...]
) -> list[Ranked]:
    """Estimate each strategy by tracing it, and order them by that.

    A loop is unrolled by tracing and takes minutes to compile, so it is left out, as is what
    can't be traced.

    Args:
        strategies: Such as `plan` lists.
        f: Function of one pytree.
        arguments: What the programs are called with, or its shapes; may be traced.

    Returns:
        The strategies that can be traced, the least estimate first.
    """
    jitted = jax.jit(f)  # traced once, and so is each transformation of it
    found = []
    for each in strategies:
        if each.batching != "loop":
            made = attempt(lambda each=each: estimate(program(each, jitted), *arguments))
            if not isinstance(made, Failure):
                found.append(Ranked(each, made))
    return sorted(found, key=lambda each: each.estimate.seconds)


def shortlist(
    strategies: Sequence[Strategy], f: Callable[[Any], Any], arguments: tuple[Any, ...]
) -> list[Strategy]:
    """Order strategies for measuring: colored, the likeliest, JAX's own, then the others.

    JAX's own are always among them: no choice is to be slower than they are. `vmap` comes last,
    as JAX's own are nearly the same programs.
    """
    ranked = rank(strategies, f, arguments)
    least = ranked[0].estimate.seconds if ranked else 0.0
    hopeful = [
        each.strategy
        for each in ranked
        if each.strategy.builtin or each.estimate.seconds < _HOPELESS * least
    ]
    first = next((each for each in hopeful if each.batching not in ("colored", "vmap")), None)

    def turn(strategy: Strategy) -> int:
        if strategy.batching == "colored":
            return 0
        if strategy is first:
            return 1
        if strategy.builtin is not None:
            return 2
        return 4 if strategy.batching == "vmap" else 3

    return sorted(hopeful, key=turn)
