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
    """Find where the best of forward and the best of reverse mode change places.

    A size at which the two can't be told apart says nothing; see `_ahead`.
    """
    found = []
    for (a, left), (b, right) in itertools.pairwise(sorted(_ahead(points).items())):
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
    for (a, left), (b, right) in itertools.pairwise(ratios):
        if (left >= 0) != (right >= 0):
            share = left / (left - right) if left != right else 0.0
            size = math.exp(math.log(a) + share * math.log(b / a))
            before, after = ("forward", "reverse") if left >= 0 else ("reverse", "forward")
            found.append(Crossover(size, before, after))
    return found


def faster_mode(points: Points) -> str | None:
    """Return the mode that was ahead wherever one was; None where none was, or both."""
    winners = {"forward" if ahead > 0 else "reverse" for ahead in _ahead(points).values()}
    return winners.pop() if len(winners) == 1 else None


def _ahead(points: Points) -> dict[float, float]:
    """Say how far forward mode's best is ahead, as a logarithm, at each size where it is known.

    It is where the intervals of both modes' best are apart. Wrong results, and times at which all
    was too small to tell, count for nothing.
    """
    best: defaultdict[float, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for point in points:
        kind, seconds = kind_of(point["strategy"], point["mode"]), point.get("median_s")
        if seconds and kind != "mixed" and not point.get("small") and point.get("right", True):
            modes = best[point["value"]]
            if kind not in modes or seconds < modes[kind]["median_s"]:
                modes[kind] = point
    return {
        size: math.log(modes["reverse"]["median_s"] / modes["forward"]["median_s"])
        for size, modes in best.items()
        if len(modes) == 2 and _apart(*modes.values())
    }


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    fast, slow = sorted((one, other), key=lambda point: point["median_s"])
    high, low = fast.get("high_s"), slow.get("low_s")
    return high is not None and low is not None and low > high


def _known(points: Points, name: str, field: str) -> list[tuple[float, float]]:
    return [
        (point["value"], point[field])
        for point in points
        if point["strategy"] == name and point.get(field) and point["value"] > 0
    ]
