"""Memory of each strategy: what XLA predicts, stacked, and the measured peak beside it."""

from __future__ import annotations

from functools import partial
from typing import Any

import holoviews as hv
from bokeh.models import Scatter

from ._axes import Axis
from ._finish import Frame, height_of, hover
from ._layer import lay
from ._legend import Entry
from ._palette import Palette, palette
from ._rows import Row, Rows, number
from ._stack import Bar, Part, parts_of, parts_shown, rank_axis, rank_words, stacked
from ._units import UNKNOWN, format_bytes

PARTS = ("arguments", "output", "temporary")
KEPT, PEAK = "kept for reverse", "measured peak"
_PEAK_TIPS = [("strategy", "@strategy"), (PEAK, "@peak"), ("predicted", "@predicted")]
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
    parts = parts_of(bars, PARTS, format_bytes, colors)
    for rank, (row, bar) in enumerate(zip(shown, bars, strict=True)):
        size, temporary = number(row.residual_bytes), bar.parts[2]
        if size and temporary:
            # Counted before XLA sees the program, which may keep less: no mark is longer than that.
            start, long, words = bar.end - temporary, min(size, temporary), format_bytes(size)
            kept = Part(rank, start, long, row.strategy, KEPT, words, colors.foreground, _THIN)
            parts.append(kept)
    peaks = _peaks(shown)
    end = max([*(bar.end for bar in bars), *peaks["memory"]], default=0.0) * 1.04 or 1.0
    frame = Frame(
        x=Axis("predicted memory", 0.0, end, unit="bytes", visible=bool(shown), grid=bool(shown)),
        y=rank_axis([row.strategy for row in shown]),
        dark=dark,
        title=_unmeasured(shown, len(peaks["memory"])),
        right=rank_words([_said(row) for row in shown]),
        height=height_of(len(shown)),
        legend=(*parts_shown(parts), *([Entry(PEAK, layer=PEAK)] if peaks["memory"] else [])),
        sentence="" if shown else "No memory known yet",
        extra=partial(_lay_peaks, peaks, colors),
    )
    return stacked(parts, "memory", frame, colors)


def _peaks(shown: list[Row]) -> dict[str, list[Any]]:
    known = [(number(row.peak_bytes), rank, row) for rank, row in enumerate(shown)]
    found = [(peak, rank, row) for peak, rank, row in known if peak is not None]
    return {
        "memory": [peak for peak, _, _ in found],
        "rank": [float(rank) for _, rank, _ in found],
        "strategy": [row.strategy for _, _, row in found],
        "peak": [format_bytes(peak) for peak, _, _ in found],
        "predicted": [format_bytes(row.predicted_bytes) for _, _, row in found],
    }


def _lay_peaks(peaks: dict[str, list[Any]], colors: Palette, plot: Any) -> None:
    layer = lay(plot.state, PEAK, _diamonds, peaks)
    layer.glyph.update(fill_color=colors.background, line_color=colors.foreground)
    hover(plot.state, PEAK).update(renderers=[layer], tooltips=_PEAK_TIPS)


def _diamonds() -> Scatter:
    return Scatter(x="memory", y="rank", marker="diamond", size=14, line_width=2)


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
