"""What comes before the first run: tracing, lowering and compiling."""

from __future__ import annotations

import holoviews as hv

from ._axes import Axis
from ._finish import Frame, height_of
from ._palette import palette
from ._rows import Rows, number
from ._stack import Bar, parts_of, parts_shown, rank_axis, rank_words, stacked
from ._units import format_seconds

PARTS = ("trace", "lower", "compile")


def compile_times(rows: Rows, *, dark: bool = False) -> hv.Overlay:
    """Draw the time to trace, lower and compile each strategy, the quickest on top.

    Args:
        rows: Rows of a study; those of which no part is known are left out.
        dark: Whether the page is dark.
    """
    bars = prepared(rows)
    colors = palette(dark)
    parts = parts_of(bars, PARTS, format_seconds, colors)
    end = max((bar.end for bar in bars), default=0.0) * 1.02 or 1.0
    frame = Frame(
        x=Axis("preparation", 0.0, end, unit="seconds", visible=bool(bars), grid=bool(bars)),
        y=rank_axis([bar.name for bar in bars]),
        dark=dark,
        right=rank_words([format_seconds(bar.end) for bar in bars]),
        height=height_of(len(bars)),
        legend=parts_shown(parts),
        sentence="" if bars else "Nothing compiled yet",
    )
    return stacked(parts, "preparation", frame, colors)


def prepared(rows: Rows) -> list[Bar]:
    """Give what is known of tracing, lowering and compiling each strategy, the quickest first.

    Args:
        rows: Rows of a study; those of which no part is known are left out.
    """
    bars = [
        Bar(row.strategy, (number(row.trace_s), number(row.lower_s), number(row.compile_s)))
        for row in rows
    ]
    return sorted((bar for bar in bars if any(p is not None for p in bar.parts)), key=_end)


def _end(bar: Bar) -> float:
    return bar.end
