"""How long each strategy takes: a dot for the median, a line for its interval, fastest on top."""

from __future__ import annotations

from typing import Any

import holoviews as hv

from ._axes import Axis, log_limits
from ._finish import Frame, height_of, options, telling
from ._layer import Stroke
from ._marks import EMPTY, Dot, by_kind, dot_style, kinds_shown
from ._palette import palette
from ._rows import Row, Rows, interval, kind_of, timed
from ._stack import rank_axis, rank_words
from ._units import format_count, format_seconds

_KDIMS = ["median time", "time rank"]
_VDIMS = ["strategy", "median", "interval", "samples"]
_TIPS = [(name, f"@{{{name}}}") for name in _VDIMS]


def times(rows: Rows, *, dark: bool = False) -> hv.Points:
    """Draw the median time of each measured strategy, in seconds on a logarithmic axis.

    The line is the interval of the median where it is known, the quartiles elsewhere. Ties and
    noisy rows say so beside their name. What wasn't measured is left to the table.

    Args:
        rows: Rows of a study.
        dark: Whether the page is dark.
    """
    pairs = timed(rows)
    colors = palette(dark)
    dots: list[Dot] = [
        (kind_of(row.strategy, row.mode), (median, float(rank), *_words(row)))
        for rank, (row, median) in enumerate(pairs)
    ]
    spans = [(interval(row) or (median, median), rank) for rank, (row, median) in enumerate(pairs)]
    whiskers = tuple(
        Stroke((low, high), (float(rank), float(rank)), colors.foreground, 2, 0.55)
        for (low, high), rank in spans
        if 0 < low < high
    )
    ends = [max(high, median) for ((_, high), _), (_, median) in zip(spans, pairs, strict=True)]
    starts = [min(low, median) for ((low, _), _), (_, median) in zip(spans, pairs, strict=True)]
    start, end = log_limits([*starts, *ends]) if pairs else (1e-6, 1e-3)
    frame = Frame(
        x=Axis("median time", start, end, unit="seconds", visible=bool(pairs), grid=bool(pairs)),
        y=rank_axis([row.strategy for row, _ in pairs], [_notes(row) for row, _ in pairs]),
        dark=dark,
        right=rank_words([format_seconds(median) for _, median in pairs]),
        height=height_of(len(pairs)),
        legend=kinds_shown(dots),
        strokes=whiskers,
        sentence="" if pairs else EMPTY,
    )
    points: Any = by_kind(dots, _KDIMS, _VDIMS, dark)
    return points.opts(**options(frame, logx=True, **telling(_TIPS, **dot_style(dark))))


def _notes(row: Row) -> str:
    notes = [note for note, holds in (("tie", row.tie), ("noisy", row.noisy)) if holds]
    return f"({', '.join(notes)})" if notes else ""


def _words(row: Row) -> tuple[str, str, str, str]:
    span = interval(row)
    between = f"{format_seconds(span[0])} – {format_seconds(span[1])}" if span else "unknown"
    name = f"{row.strategy} {_notes(row)}".rstrip()
    return name, format_seconds(row.median_s), between, format_count(row.samples)
