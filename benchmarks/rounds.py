"""Timing side by side: all calls in turns, in a new random order each round.

A disturbance falls on all contestants alike, every result is awaited, the garbage collector is
held off inside a sample, and fast calls are repeated until a sample is long enough for the clock.
None of Jacoscope's own timing is used, so that the one can be held against the other.
"""

from __future__ import annotations

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import jax

Call = Callable[[], Any]
Key = TypeVar("Key", bound=Hashable)
_FEWEST = 9  # rounds, however slow


def sample(call: Call, repeats: int = 1) -> float:
    """Return seconds a call."""
    gc.collect(0)
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in range(repeats):
            jax.block_until_ready(call())
        return (time.perf_counter() - start) / repeats
    finally:
        gc.enable()


def sample_all(
    calls: Mapping[Key, Call], rounds: int, sample_s: float = 0.005, budget_s: float = math.inf
) -> dict[Key, list[float]]:
    """Return the samples of each call, in seconds a call, sample i of all from one round.

    Args:
        calls: What to time; each is called twice first, which compiles it and warms it up.
        rounds: Samples of each.
        sample_s: Seconds that a sample takes at least.
        budget_s: Seconds after which no round is begun, once there are nine.
    """
    repeats: dict[Key, int] = {}
    for key, call in calls.items():
        jax.block_until_ready(call())
        repeats[key] = max(1, round(sample_s / sample(call)))
    samples: dict[Key, list[float]] = {key: [] for key in calls}
    order, shuffle = list(calls), random.Random(0)
    end = time.perf_counter() + budget_s
    for turn in range(rounds):
        if turn >= _FEWEST and time.perf_counter() > end:
            break
        shuffle.shuffle(order)
        for key in order:
            samples[key].append(sample(calls[key], repeats[key]))
    return samples


def medians(
    calls: Mapping[Key, Call], rounds: int, sample_s: float = 0.005, budget_s: float = math.inf
) -> dict[Key, float]:
    """Return the median seconds of each call; see `sample_all`."""
    samples = sample_all(calls, rounds, sample_s, budget_s)
    return {key: statistics.median(each) for key, each in samples.items()}
