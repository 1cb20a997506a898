"""What a sweep says: how fast each strategy grows, and where another mode becomes the faster one.

Points are mappings as the figures take them; nothing is assumed between two sizes but that time
follows a power of the size.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .figures import kind_of

Points = Sequence[Mapping[str, Any]]
_LAST = 3  # points a slope is fitted to: the largest sizes, where nothing is dispatch


@dataclass(frozen=True)
class Growth:
    """How a strategy grows with the size.

    Attributes:
        strategy: Its name.
        mode: Forward, reverse, or None.
        time: The exponent of its time; None where fewer than two sizes were timed.
        memory: The exponent of its predicted memory; None likewise.
    """

    strategy: str
    mode: str | None
    time: float | None
    memory: float | None


@dataclass(frozen=True)
class Crossover:
    """Where the mode that is the faster one changes.

    Attributes:
        size: Interpolated between two measured sizes.
        before: The faster mode below it.
        after: The faster mode above it.
    """

    size: float
    before: str
    after: str


def growths(points: Points) -> list[Growth]:
    """Fit the growth of each strategy, by least squares on logarithms of its last three points."""
    names = dict.fromkeys((point["strategy"], point["mode"]) for point in points)
    return [
        Growth(
            name,
            mode,
            slope(_known(points, name, "median_s")),
            slope(_known(points, name, "predicted_bytes")),
        )
        for name, mode in names
    ]


def slope(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the exponent of a power law through the last points of positive numbers.

    >>> slope([(2.0, 4.0), (4.0, 16.0)])
    2.0
    """
    last = sorted(pairs)[-_LAST:]
    if len(last) < 2:
        return None
    xs, ys = np.log(np.array(last)).T
    return float(np.round(np.polyfit(xs, ys, 1)[0], 6))


def crossovers(points: Points) -> list[Crossover]:
    """Find where the best of forward and the best of reverse mode change places."""
    best = _best_by_mode(points)
    sizes = sorted(size for size, modes in best.items() if len(modes) == 2)
    ahead = [math.log(best[x]["reverse"] / best[x]["forward"]) for x in sizes]  # of forward mode
    found = []
    for (a, left), (b, right) in _neighbours(list(zip(sizes, ahead, strict=True))):
        if left * right < 0:
            share = left / (left - right)
            size = math.exp(math.log(a) + share * math.log(b / a))
            before, after = ("forward", "reverse") if left > 0 else ("reverse", "forward")
            found.append(Crossover(size, before, after))
    return found


def by_rule(points: Points) -> list[Crossover]:
    """Find where the textbook's rule changes its mind: where n = m."""
    shapes = {point["value"]: (point.get("n_in"), point.get("n_out")) for point in points}
    ratios = [
        (size, math.log(n_out / n_in))
        for size, (n_in, n_out) in sorted(shapes.items())
        if n_in and n_out and size > 0
    ]
    found = []
    for (a, left), (b, right) in _neighbours(ratios):
        if (left >= 0) != (right >= 0):
            share = left / (left - right) if left != right else 0.0
            size = math.exp(math.log(a) + share * math.log(b / a))
            before, after = ("forward", "reverse") if left >= 0 else ("reverse", "forward")
            found.append(Crossover(size, before, after))
    return found


def faster_mode(points: Points) -> str | None:
    """Return the mode that was faster at every size where both were timed; None if neither."""
    best = _best_by_mode(points)
    winners = {min(modes, key=modes.__getitem__) for modes in best.values() if len(modes) == 2}
    return winners.pop() if len(winners) == 1 else None


def _best_by_mode(points: Points) -> dict[float, dict[str, float]]:
    best: defaultdict[float, dict[str, float]] = defaultdict(dict)
    for point in points:
        kind, seconds = kind_of(point["strategy"], point["mode"]), point.get("median_s")
        if seconds and kind != "mixed":
            modes = best[point["value"]]
            modes[kind] = min(seconds, modes.get(kind, math.inf))
    return best


def _known(points: Points, name: str, field: str) -> list[tuple[float, float]]:
    return [
        (point["value"], point[field])
        for point in points
        if point["strategy"] == name and point.get(field) and point["value"] > 0
    ]


def _neighbours(pairs: list[Any]) -> list[tuple[Any, Any]]:
    return list(itertools.pairwise(pairs))
