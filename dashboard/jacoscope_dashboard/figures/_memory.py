"""Memory of each strategy: what XLA predicts, stacked, and the measured peak beside it."""

from __future__ import annotations

import holoviews as hv

from ._axes import Axis
from ._finish import Frame, assembled, height_of
from ._marks import message, telling
from ._palette import palette
from ._rows import Row, Rows, number
from ._stack import Bar, rank_axis, rank_words, stacked
from ._units import UNKNOWN, format_bytes

PARTS = ("arguments", "output", "temporary")
KEPT, PEAK = "kept for reverse", "measured peak"
_KDIMS = ["memory", "memory rank"]
_BOX = ["kept from", "kept bottom", "kept to", "kept top"]
_THIN = 0.09


def memory(rows: Rows, *, dark: bool = False) -> hv.Overlay:
    """Draw the predicted bytes of each strategy, the smallest on top, and the measured peak.

    What reverse mode keeps lies inside the temporary bytes, as a thin bar on them. A strategy that
    ran and has no prediction is shown as unknown, one that never got that far is left out.

    Args:
        rows: Rows of a study.
        dark: Whether the page is dark.
    """
    shown = sorted((row for row in rows if _telling(row)), key=_size)
    colors = palette(dark)
    bars = [Bar(row.strategy, _parts(row)) for row in shown]
    peaks = [(number(row.peak_bytes), rank, row) for rank, row in enumerate(shown)]
    marks = [
        (peak, float(rank), row.strategy, format_bytes(peak), format_bytes(row.predicted_bytes))
        for peak, rank, row in peaks
        if peak is not None
    ]
    kept = []
    for rank, (row, bar) in enumerate(zip(shown, bars, strict=True)):
        size, temporary = number(row.residual_bytes), bar.parts[2]
        if size and temporary:
            start = bar.end - temporary
            words = (row.strategy, format_bytes(size))
            kept.append((start, rank - _THIN, start + size, rank + _THIN, *words))
    ends = [max(bar.end, peak or 0.0) for bar, (peak, _, _) in zip(bars, peaks, strict=True)]
    end = max(ends, default=0.0) * 1.04 or 1.0

    inside = hv.Rectangles(kept, _BOX, ["strategy", "kept"], group="Part", label=KEPT).opts(
        color=colors.foreground,
        line_color=colors.background,
        **telling([("strategy", "@strategy"), (KEPT, "@kept")]),
    )
    measured = hv.Points(
        marks, _KDIMS, ["strategy", "peak", "predicted"], group="Peak", label=PEAK
    ).opts(
        color=colors.background,
        line_color=colors.foreground,
        line_width=2,
        marker="diamond",
        size=14,
        **telling([("strategy", "@strategy"), (PEAK, "@peak"), ("predicted", "@predicted")]),
    )
    frame = Frame(
        x=Axis("predicted memory", 0.0, end, unit="bytes", visible=bool(shown), grid=bool(shown)),
        y=rank_axis([row.strategy for row in shown]),
        dark=dark,
        title=_unmeasured(shown, len(marks)),
        right=rank_words([_said(row) for row in shown]),
        height=height_of(len(shown)),
        legend=(*(PARTS if shown else ()), *([KEPT] if kept else ()), *([PEAK] if marks else ())),
    )
    nothing = message("" if shown else "No memory known yet", end / 2, 0.0, _KDIMS, colors.muted)
    return assembled(
        [
            *stacked(bars, PARTS, format_bytes, colors),
            inside,
            measured,
            nothing,
        ],
        frame,
    )


def _parts(row: Row) -> tuple[float | None, float | None, float | None]:
    return number(row.argument_bytes), number(row.output_bytes), number(row.temp_bytes)


def _said(row: Row) -> str:
    predicted = format_bytes(row.predicted_bytes)
    if number(row.peak_bytes) is None:
        return predicted
    return f"{predicted}\n◇ {format_bytes(row.peak_bytes)}"


def _telling(row: Row) -> bool:
    sizes = (*_parts(row), number(row.predicted_bytes), number(row.peak_bytes))
    return row.status == "ok" or any(size is not None for size in sizes)


def _size(row: Row) -> float:
    size = number(row.predicted_bytes)
    return float("inf") if size is None else size


def _unmeasured(shown: list[Row], measured: int) -> str:
    if not shown or measured == len(shown):
        return ""
    if measured == 0:
        return f"Measured peak {UNKNOWN}"
    return f"Measured peak {UNKNOWN} for {len(shown) - measured} of {len(shown)}"
