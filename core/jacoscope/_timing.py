"""The sampling protocol: the one place where a run time is measured.

Every strategy is warmed, then calibrated so that a sample, several calls in a row, is long
enough for the clock. Samples are taken in rounds, the strategies in a new random order each
round (A B C, C A B, …), so that a disturbance falls on all of them alike. The garbage collector
is off inside a sample, every result is awaited, and every sample is kept; where the system tells
that meanwhile the process was preempted, the machine taken away, or that others waited for a
processor, the sample is marked.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax

from ._disturbance import quiet


@dataclass(frozen=True)
class Protocol:
    """How samples are taken.

    Attributes:
        rounds: Samples of each strategy.
        most: Samples of those that `rounds` did not tell apart.
        extra_s: Seconds that telling them apart may take.
        fewest: Samples of a strategy too slow for its share of the time.
        sample_s: Seconds that a sample lasts at least.
        slice_s: Seconds after which other work may go between two samples.
    """

    rounds: int = 25
    most: int = 60
    extra_s: float = 3.0
    fewest: int = 3
    sample_s: float = 0.002
    slice_s: float = 0.1


@dataclass
class Samples:
    """The samples of one strategy, in seconds a call.

    Attributes:
        calls: Calls in a row that make one sample.
        seconds: One figure a sample.
        disturbed: Whether the system took the processor away during it.
    """

    calls: int = 1
    seconds: list[float] = field(default_factory=list)
    disturbed: list[bool] = field(default_factory=list)


_FEWEST_GLANCED = 3
_SLOW_S = 0.2  # a call of which the first run took longer is warm by that, and not run in vain
_ASK_EVERY = 5  # rounds after which it is asked again who is undecided

Call = Callable[[], Any]
Progress = Callable[[int, int, Mapping[str, Samples]], None]


def sample_all(
    calls: Mapping[str, Call],
    *,
    protocol: Protocol,
    deadline: float,
    paces: Mapping[str, float] | None = None,
    firsts: Mapping[str, float] | None = None,
    seed: int = 0,
    between: Callable[[], None] = lambda: None,
    ready: Callable[[str], None] = lambda name: None,
    undecided: Callable[[Mapping[str, Samples]], set[str]] = lambda samples: set(),
    beaten: Callable[[Mapping[str, Samples]], set[str]] = lambda samples: set(),
    progress: Progress = lambda turn, total, samples: None,
) -> dict[str, Samples]:
    """Time several calls side by side.

    Args:
        calls: Name of each → the call, whose result is awaited.
        protocol: How samples are taken.
        deadline: `time.perf_counter()` after which no sample is begun; nor is one that would, by
            what is known of its call, end after it.
        paces: Seconds that a call takes, roughly, of those of which it is known; they have been
            warmed, and need no calibrating.
        firsts: Seconds that the first run of a call took, of those that have run once.
        seed: Seed of the order within each round.
        between: Called between two slices; other work on the device goes there.
        ready: Called before each sample with the name; what it takes is not timed.
        undecided: Names those that need more samples than `rounds` to be told apart.
        beaten: Names those of which no more samples are wanted; asked after each round.
        progress: Called after each round with the rounds done, those in all and the samples.

    Returns:
        Name → its samples, fewer than asked for where the deadline came first: perhaps the one
        that its calibrating ended with, perhaps none.
    """
    samples: dict[str, Samples] = {}
    share = max(deadline - time.perf_counter(), 0) / max(len(calls), 1)
    wanted: dict[str, int] = {}
    lasting: dict[str, float] = {}  # seconds that a sample takes, roughly
    last: dict[str, Samples] = {}  # of calibrating: what is left where no round is reached

    def fits(seconds: float) -> bool:
        return time.perf_counter() + seconds <= deadline

    known = {**(firsts or {}), **(paces or {})}
    # The quick ones first: a slow one may not fit. Then what is only timed beside them.
    for name in sorted(calls, key=lambda each: known.get(each, math.inf)):
        if not fits(known.get(name, 0.0)):
            continue
        between()
        once = (paces or {}).get(name)
        if once is None:
            warmed = known.get(name, 0.0) > _SLOW_S
            last[name] = _calibrate(calls[name], protocol, partial(ready, name), warmed)
            samples[name], once = Samples(last[name].calls), last[name].seconds[0]
        else:
            samples[name] = Samples(max(1, round(protocol.sample_s / max(once, 1e-9))))
        lasting[name] = once * samples[name].calls
        fitting = int(share / max(lasting[name], 1e-9))
        wanted[name] = max(protocol.fewest, min(protocol.rounds, fitting))

    def taken() -> dict[str, Samples]:
        there = {name: samples[name] for name in calls if name in samples}
        return {
            name: each if each.seconds else last.get(name, each) for name, each in there.items()
        }

    shuffle = random.Random(seed)
    slices = _Slices(protocol.slice_s, between)

    def sample_round(names: list[str]) -> bool:
        shuffle.shuffle(names)
        for name in names:
            if not fits(0.0):
                return False
            if not fits(lasting[name]):
                continue
            slices.pause()
            ready(name)
            seconds, disturbed = _sample(calls[name], samples[name].calls)
            samples[name].seconds.append(seconds)
            samples[name].disturbed.append(disturbed)
        return True

    for turn in range(protocol.rounds):
        out = beaten(samples)
        due = [
            name
            for name in samples
            if name not in out and _due(turn, wanted[name], protocol.rounds)
        ]
        if not sample_round(due):
            return taken()
        progress(turn + 1, protocol.rounds, samples)
    deadline = min(deadline, time.perf_counter() + protocol.extra_s)
    names: list[str] = []
    for turn in range(protocol.most - protocol.rounds):
        if turn % _ASK_EVERY == 0:
            names = sorted(undecided(samples))
        if not names or not sample_round(names):
            break
    return taken()


def glance(call: Call, for_s: float = 0.01, ready: Callable[[], None] = lambda: None) -> Samples:
    """Time a call that has run before a few times, while others may be at work beside it.

    Good for deciding what to try and what to time; every sample is marked as disturbed. `ready` is
    called before each.
    """
    samples, end = Samples(), time.perf_counter() + for_s
    while len(samples.seconds) < _FEWEST_GLANCED or time.perf_counter() < end:
        ready()
        samples.seconds.append(_sample(call, 1)[0])
        samples.disturbed.append(True)
    return samples


class _Slices:
    """Lets other work go between two samples once a slice has lasted long enough."""

    def __init__(self, length_s: float, between: Callable[[], None]) -> None:
        self._length_s, self._between = length_s, between
        self._end = time.perf_counter() + length_s

    def pause(self) -> None:
        if time.perf_counter() > self._end:
            self._between()
            self._end = time.perf_counter() + self._length_s


def _due(turn: int, wanted: int, rounds: int) -> bool:
    """Spread a strategy's samples evenly over the rounds."""
    return (turn + 1) * wanted // rounds > turn * wanted // rounds


def _calibrate(call: Call, protocol: Protocol, ready: Callable[[], None], warmed: bool) -> Samples:
    """Find how many calls make a sample that is long enough; return that one sample."""
    if not warmed:
        ready()
        jax.block_until_ready(call())
    calls = 1
    while True:
        ready()
        seconds, disturbed = _sample(call, calls)
        if seconds * calls >= protocol.sample_s:
            return Samples(calls, [seconds], [disturbed])
        calls = max(2 * calls, min(round(protocol.sample_s / max(seconds, 1e-9)), 10 * calls))


def _sample(call: Call, calls: int) -> tuple[float, bool]:
    with quiet() as disturbances:
        start = time.perf_counter()
        for _ in range(calls):
            jax.block_until_ready(call())
        seconds = (time.perf_counter() - start) / calls
    return seconds, bool(disturbances)
