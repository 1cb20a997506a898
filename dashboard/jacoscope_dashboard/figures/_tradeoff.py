"""Time against memory of each strategy, and which of them nothing beats in both."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import holoviews as hv
from bokeh.models import TapTool

from ._axes import Axis, log_limits
from ._finish import Frame, options, telling
from ._layer import Stroke
from ._marks import Dot, by_kind, dot_style, kinds_shown
from ._palette import palette
from ._rows import Row, Rows, kind_of, number, timed
from ._sweep import spread
from ._units import format_bytes, format_seconds

_HEIGHT = 380
_KDIMS = ["predicted memory", "median time"]
_VDIMS = ["strategy", "time", "memory", "said"]
_TIPS = [("strategy", "@strategy"), ("time", "@time"), ("memory", "@memory"), ("", "@said")]

Placed = tuple[float, float, Row]  # bytes, seconds


def tradeoff(
    rows: Rows, *, dark: bool = False, picked: Callable[[str], None] | None = None
) -> hv.Points:
    """Draw the median time over the predicted memory, both logarithmic, and the Pareto front.

    Args:
        rows: Rows of a study; those without time or memory are left out.
        dark: Whether the page is dark.
        picked: Called with the name of the strategy whose point is clicked.
    """
    found = placed(rows)
    best = front(found)
    colors = palette(dark)
    dots: list[Dot] = [
        (
            kind_of(row.strategy, row.mode),
            (size, s, row.strategy, format_seconds(s), format_bytes(size), _said(size, s, best)),
        )
        for size, s, row in found
    ]
    left, right = log_limits([size for size, _, _ in found]) if found else (1e3, 1e6)
    bottom, top = log_limits([s for _, s, _ in found]) if found else (1e-6, 1e-3)
    gap = 0.06 * math.log10(top / bottom)
    heights = [10.0**place for place in spread([math.log10(s) for _, s, _ in best], gap)]
    leaders = [
        Stroke((size, right), (seconds, height), colors.muted, 1, 0.5, "dotted")
        for height, (size, seconds, _) in zip(heights, best, strict=True)
    ]
    frame = Frame(
        x=Axis(_KDIMS[0], left, right, unit="bytes", visible=bool(found), grid=bool(found)),
        y=Axis(
            _KDIMS[1],
            min([bottom, *(height / 10**gap for height in heights)]),
            max([top, *(height * 10**gap for height in heights)]),
            unit="seconds",
            visible=bool(found),
            grid=bool(found),
        ),
        dark=dark,
        right=tuple(
            (height, row.strategy) for height, (_, _, row) in zip(heights, best, strict=True)
        ),
        height=_HEIGHT,
        legend=kinds_shown(dots),
        strokes=(*_staircase(best, right, top, colors.muted), *leaders),
        sentence="" if found else "No way has both a time and a known memory",
        extra=None if picked is None else lambda plot: _listen(plot, picked),
    )
    points: Any = by_kind(dots, _KDIMS, _VDIMS, dark)
    told = telling(_TIPS, **dot_style(dark))
    return points.opts(**options(frame, logx=True, logy=True, **told))


def placed(rows: Rows) -> list[Placed]:
    """Give the rows with a time and a memory, and both, the fastest first."""
    sizes = [(number(row.predicted_bytes), s, row) for row, s in timed(rows)]
    return [(size, s, row) for size, s, row in sizes if size is not None and size > 0]


def front(found: list[Placed]) -> list[Placed]:
    """Give those that no other beats in time and memory, the fastest first.

    Args:
        found: As `placed` gives them.
    """
    best: list[Placed] = []
    for each in found:
        if not best or each[0] < best[-1][0]:
            best.append(each)
    return best


def _staircase(best: list[Placed], right: float, top: float, ink: str) -> tuple[Stroke, ...]:
    """Bound what is beaten: from the fastest rightwards, from the smallest upwards."""
    if not best:
        return ()
    xs, ys = [right], [best[0][1]]
    for (size, seconds, _), (_, slower, _) in pairwise(best):
        xs += [size, size]
        ys += [seconds, slower]
    xs += [best[-1][0]] * 2
    ys += [best[-1][1], top]
    return (Stroke(tuple(xs), tuple(ys), ink, 1.5, 0.7),)


def _said(size: float, seconds: float, best: list[Placed]) -> str:
    for its_size, its_seconds, row in best:
        if its_size < size and its_seconds < seconds:
            return f"{row.strategy} takes less of both"
    return "no way takes less of both"


def _listen(plot: Any, picked: Callable[[str], None]) -> None:
    """Have a click on a point name its strategy; once a figure."""
    figure = plot.state
    if any(isinstance(tool, TapTool) for tool in figure.toolbar.tools):
        return
    source = plot.handles["source"]

    def selected(_attribute: str, _old: list[int], new: list[int]) -> None:
        if new:
            picked(str(source.data["strategy"][new[0]]))

    source.selected.on_change("indices", selected)
    figure.add_tools(TapTool(visible=False))
