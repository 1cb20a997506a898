"""Which strategies are worth measuring, the likeliest to be the fastest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from ._estimate import Estimate, estimate
from ._failure import Failure, attempt
from ._program import program
from ._scene import Scene
from ._shares import Shares
from ._strategy import Strategy

CHUNK_SIZES = (8, 32, 128)
_HOPELESS = 10.0  # times the least estimate, above which no measurement is spent


@dataclass(frozen=True)
class Ranked:
    """A strategy and what it may take."""

    strategy: Strategy
    estimate: Estimate


def rank(
    strategies: Sequence[Strategy],
    f: Callable[[Any], Any],
    arguments: tuple[Any, ...],
    shares: Shares | None = None,
) -> list[Ranked]:
    """Estimate each strategy by tracing it, and order them by that.

    A loop is unrolled by tracing and takes minutes to compile, so it is left out, as is what
    can't be traced.

    Args:
        strategies: Such as `plan` lists.
        f: Function of one pytree.
        arguments: What the programs are called with, or its shapes; may be traced.
        shares: The devices that share the passes of sharded strategies, whose estimate is that of
            one device.

    Returns:
        The strategies that can be traced, the least estimate first.
    """
    jitted = jax.jit(f)  # traced once, and so is each transformation of it
    found = []
    for each in strategies:
        if each.batching != "loop":
            made = attempt(
                lambda each=each: estimate(program(each, jitted, shares=shares), *arguments)
            )
            if not isinstance(made, Failure):
                found.append(Ranked(each, made))
    return sorted(found, key=lambda each: each.estimate.seconds)


class Shortlist:
    """Strategies worth measuring, handed out in an order that the runs of others change.

    First come the colored ones and JAX's own, as no choice is to be slower than they are; then the
    folded ones, and one pass at a time the way that was faster, which tells whether smaller chunks
    pay. The rest follows
    by its estimate, corrected by how far off that was for what is most alike of all that has run.
    Last come `vmap`, as JAX's own are nearly the same programs, and what of JAX's own is expected
    to take ten times as long as what has run.

    Args:
        strategies: The candidates.
        scene: What they are to differentiate.
        limited: Whether a memory limit has to be kept. What is estimated to take far longer than
            the fastest is then left out all the same, but one pass at a time, which needs least.
    """

    def __init__(
        self, strategies: Sequence[Strategy], scene: Scene, *, limited: bool = False
    ) -> None:
        ranked = rank(strategies, scene.f, scene.arguments)
        worst = _HOPELESS * ranked[0].estimate.seconds if ranked else 0.0
        kept = [
            each
            for each in ranked
            if each.strategy.builtin
            or each.estimate.seconds < worst
            or (limited and each.strategy.batching == "map")
        ]
        self._estimated = {each.strategy: each.estimate.seconds for each in kept}
        self._sizes = (scene.n_in, scene.n_out, scene.count)
        self._seconds: dict[Strategy, float] = {}  # of what has run
        colored = [each for each in self._estimated if each.batching == "colored"]
        own = [each for each in self._estimated if each.builtin is not None]
        self._first = [*colored, *own]
        self._rest = [each for each in self._estimated if each not in self._first]

    @property
    def waiting(self) -> list[Strategy]:
        """What has not been handed out yet, as it would be."""
        hopeless = [each for each in self._first if self._hopeless(each)]
        first = [each for each in self._first if each not in hopeless]
        return [*first, *sorted(self._rest, key=self._rank), *hopeless]

    def take(self) -> Strategy | None:
        """Hand out the next one; None when there is none left."""
        waiting = self.waiting
        if not waiting:
            return None
        (self._first if waiting[0] in self._first else self._rest).remove(waiting[0])
        return waiting[0]

    def learn(self, strategy: Strategy, seconds: float) -> None:
        """Take note of how long a strategy has taken."""
        self._seconds[strategy] = seconds

    def _hopeless(self, strategy: Strategy) -> bool:
        fastest = min(self._seconds.values(), default=math.inf)
        return strategy.builtin is not None and self._expected(strategy) > _HOPELESS * fastest

    def _rank(self, strategy: Strategy) -> tuple[bool, bool, float]:
        dense = [known for known in self._seconds if known.batching != "colored"]
        fastest = min(dense, key=lambda known: self._seconds[known], default=None)
        telling = strategy.batching == "map" and (
            fastest is None or strategy.direction == fastest.direction
        )
        early = telling or strategy.batching == "folded"
        return strategy.batching == "vmap", not early, self._expected(strategy)

    def _expected(self, strategy: Strategy) -> float:
        """Return the estimate in seconds, corrected by what is most alike of what has run."""
        run = [known for known in self._seconds if known in self._estimated]
        nearest = min(run, key=lambda known: self._apart(strategy, known), default=None)
        off = 1.0 if nearest is None else self._seconds[nearest] / self._estimated[nearest]
        return off * self._estimated[strategy]

    def _apart(self, one: Strategy, other: Strategy) -> float:
        """Tell how unlike two strategies are: first by direction, then by passes at once."""
        groups = [each.group(each.passes(*self._sizes)) for each in (one, other)]
        alike = (one.direction, one.order) == (other.direction, other.order)
        colored = (one.batching == "colored") != (other.batching == "colored")
        halvings = abs(math.log2(max(groups[0], 1) / max(groups[1], 1)))
        return (0 if alike else 64) + 128 * colored + (one.mode != other.mode) + halvings
