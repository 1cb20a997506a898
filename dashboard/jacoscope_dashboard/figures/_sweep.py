"""Sweeps: time and memory of each strategy while one number grows, on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from ._axes import Axis, Unit, log_limits
from ._finish import Frame, options, telling
from ._layer import Stroke
from ._marks import Dot, by_kind, dot_style, kinds_shown
from ._palette import DASHES, KINDS, Kind, palette
from ._rows import kind_of, number
from ._units import format_bytes, format_count, format_seconds, three_digits

Points = Sequence[Mapping[str, Any]]
_HEIGHT = 380
IDEAL = "ideal"
_WRITE = {
    "seconds": format_seconds,
    "bytes": format_bytes,
    "number": lambda value: f"{three_digits(value)} times",
}


@dataclass(frozen=True)
class Curve:
    """One strategy through a sweep.

    Attributes:
        strategy: Its name.
        kind: Forward, reverse or mixed.
        xs: The values of the knob, growing.
        ys: The time in seconds or the memory in bytes at each.
    """

    strategy: str
    kind: Kind
    xs: tuple[float, ...]
    ys: tuple[float, ...]


def sweep_times(points: Points, *, dark: bool = False) -> hv.Points:
    """Draw the median time over the knob, one line for each strategy.

    Args:
        points: Mappings with `knob`, `value`, `strategy`, `mode`, `median_s` and, where they are
            known, `low_s` and `high_s`, in seconds.
        dark: Whether the page is dark.
    """
    return _sweep(points, "median_s", "median time", "seconds", dark)


def sweep_memory(points: Points, *, dark: bool = False) -> hv.Points:
    """Draw the predicted memory over the knob, one line for each strategy.

    Args:
        points: Mappings with `knob`, `value`, `strategy`, `mode` and `predicted_bytes`.
        dark: Whether the page is dark.
    """
    return _sweep(points, "predicted_bytes", "predicted memory", "bytes", dark)


def sweep_totals(points: Points, *, dark: bool = False) -> hv.Points:
    """Draw what a number of calls takes in all over that number, one line for each strategy.

    Args:
        points: Mappings with `knob`, `value`, `strategy`, `mode` and `total_s`, in seconds.
        dark: Whether the page is dark.
    """
    return _sweep(points, "total_s", "total time", "seconds", dark)


def sweep_speed_up(points: Points, *, dark: bool = False) -> hv.Points:
    """Draw how many times as fast as on one device each strategy is, over the devices.

    Args:
        points: Mappings with `knob`, `value`, `strategy`, `mode` and `speed_up`; of the strategy
            `IDEAL`, what would be ideal.
        dark: Whether the page is dark.
    """
    return _sweep(points, "speed_up", "times as fast as one device", "number", dark)


def curves(points: Points, field: str) -> list[Curve]:
    """Gather what is known of each strategy, in the order of the strategies' first points.

    Args:
        points: As for `sweep_times`.
        field: `median_s`, `predicted_bytes`, `total_s` or `speed_up`.
    """
    found: dict[str, dict[float, float]] = {}
    modes: dict[str, str | None] = {}
    for point in points:
        x, y = number(point.get("value")), number(point.get(field))
        if x is not None and y is not None and x > 0 and y > 0:
            found.setdefault(point["strategy"], {})[x] = y
            modes.setdefault(point["strategy"], point.get("mode"))
    return [
        Curve(name, kind_of(name, modes[name]), *zip(*sorted(pairs.items()), strict=True))
        for name, pairs in found.items()
    ]


def _sweep(points: Points, field: str, label: str, unit: Unit, dark: bool) -> hv.Points:
    lines = curves(points, field)
    colors = palette(dark)
    knob = str(points[0]["knob"]) if points else ""
    write = _WRITE[unit]
    spans = _spans(points) if unit == "seconds" else []
    xs = sorted({x for line in lines for x in line.xs})
    ys = [y for line in lines for y in line.ys] + [y for _, *ends in spans for y in ends]
    left, right = log_limits(xs) if lines else (1.0, 100.0)
    bottom, top = log_limits(ys) if lines else (1e-6, 1e-3)
    gap = 0.06 * math.log10(top / bottom)
    places = spread([math.log10(line.ys[-1]) for line in lines], gap)
    bottom = min([bottom, *(10.0 ** (place - gap) for place in places)])
    top = max([top, *(10.0 ** (place + gap) for place in places)])

    leaders = [
        Stroke((line.xs[-1], right), (line.ys[-1], 10.0**place), colors.muted, 1, 0.5)
        for line, place in zip(lines, places, strict=True)
    ]
    paths = [
        Stroke(
            line.xs,
            line.ys,
            colors.muted if line.strategy == IDEAL else colors.of(line.kind),
            2,
            dash=DASHES[line.kind],
        )
        for line in sorted(lines, key=lambda line: KINDS.index(line.kind))
    ]
    whiskers = [Stroke((x, x), (low, high), colors.foreground, 1.5, 0.55) for x, low, high in spans]
    dots: list[Dot] = [
        (line.kind, (x, y, line.strategy, f"{knob} {format_count(x)}", write(y)))
        for line in lines
        if line.strategy != IDEAL
        for x, y in zip(line.xs, line.ys, strict=True)
    ]
    ticks = tuple((x, format_count(x)) for x in xs) if 0 < len(xs) <= 10 else None
    frame = Frame(
        x=Axis(knob, left, right, ticks, unit="count", visible=bool(lines), grid=bool(lines)),
        y=Axis(label, bottom, top, unit=unit, visible=bool(lines), grid=bool(lines)),
        dark=dark,
        right=tuple(
            (10.0**place, line.strategy) for line, place in zip(lines, places, strict=True)
        ),
        height=_HEIGHT,
        legend=kinds_shown(dots),
        strokes=(*leaders, *paths, *whiskers),
        sentence="" if lines else "No sweep yet",
    )
    tips = [("strategy", "@strategy"), ("at", "@at"), (label, "@size")]
    told = telling(tips, **dot_style(dark))
    dotted: Any = by_kind(dots, [f"{label} at", label], ["strategy", "at", "size"], dark)
    return dotted.opts(**options(frame, logx=True, logy=True, **told))


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move places apart until they are `gap` from each other, as little as it takes.

    Example:
        >>> spread([0.0, 0.1, 5.0], 1.0)
        [-0.45, 0.55, 5.0]
    """
    groups: list[tuple[list[int], float]] = []  # who, and the mean of where they want to be
    for who in sorted(range(len(places)), key=lambda i: places[i]):
        members, center = [who], places[who]
        while groups:
            others, middle = groups[-1]
            reach = gap * (len(others) + len(members)) / 2
            if center - middle >= reach - 1e-12:
                break
            groups.pop()
            weight = len(others) + len(members)
            center = (middle * len(others) + center * len(members)) / weight
            members = others + members
        groups.append((members, center))
    moved = [0.0] * len(places)
    for members, center in groups:
        for rank, who in enumerate(members):
            moved[who] = round(center + gap * (rank - (len(members) - 1) / 2), 12)
    return moved


def _spans(points: Points) -> list[tuple[float, float, float]]:
    spans = []
    for point in points:
        x, low, high = (number(point.get(name)) for name in ("value", "low_s", "high_s"))
        if x is not None and low is not None and high is not None and x > 0 and 0 < low < high:
            spans.append((x, low, high))
    return spans
