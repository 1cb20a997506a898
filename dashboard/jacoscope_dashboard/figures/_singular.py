"""The singular values of a derivative, and where they count as zero."""

from __future__ import annotations

from typing import Any

import holoviews as hv

from ._axes import Axis, log_limits
from ._finish import Frame, options, telling
from ._layer import Stroke
from ._marks import INK, MARKER, column, table
from ._palette import palette
from ._units import format_count, significant, three_digits

_HEIGHT = 380
_KDIMS = ["place", "singular value"]
_VDIMS = ["exact", "counts"]
_TIPS = [("number", "@place"), ("singular value", "@exact"), ("counts as", "@counts")]


def singular_values(structure: dict[str, Any], *, dark: bool = False) -> hv.Points:
    """Draw the singular values, largest first, on a logarithmic scale.

    Those below the dashed line are zero as far as the numbers of this dtype tell: crosses.

    Args:
        structure: What a `structure` job brings, decomposed.
        dark: Whether the page is dark.
    """
    colors = palette(dark)
    found = structure["singular"]
    values, zero = [float(each) for each in found["values"]], float(found["zero"])
    positive = [each for each in (*values, zero) if each > 0] or [1.0]
    floor = min(positive)
    looks = {
        True: ("other than zero", colors.foreground, "circle"),
        False: ("zero", colors.neutral, "x"),
    }
    rows = [
        (float(place), max(value, floor), significant(value, 4), *looks[value > zero])
        for place, value in enumerate(values, 1)
    ]
    bottom, top = log_limits(positive)
    end = max(len(values), 1) + 0.5
    line = (Stroke((0.5, end), (zero, zero), colors.muted, 1.5, dash="dashed"),) if zero else ()
    frame = Frame(
        x=Axis("number, largest first", 0.5, end, unit="count"),
        y=Axis(_KDIMS[1], bottom, top, unit="number", grid=True),
        dark=dark,
        height=_HEIGHT,
        strokes=line,
    )
    names = [*_VDIMS, INK, MARKER]
    drawn: Any = hv.Points(table(rows, _KDIMS, names), _KDIMS, names, datatype=["dictionary"])
    style = {"color": column(INK), "marker": column(MARKER), "size": 8}
    return drawn.opts(**options(frame, logy=True, **telling(_TIPS, **style)))


def summary_singular_values(structure: dict[str, Any]) -> str:
    """Say the numerical rank, the extremes and the condition number."""
    found = structure["singular"]
    values, rank = found["values"], found["rank"]
    text = f"Rank {format_count(rank)} of at most {format_count(len(values))}"
    if rank:
        largest, least = float(values[0]), float(values[rank - 1])
        text += f"; from {three_digits(largest)} down to {three_digits(least)}"
        if rank == len(values):
            text += f": a condition number of {three_digits(largest / least)}"
    return f"{text}. Below {three_digits(float(found['zero']))} counts as zero in this dtype."
