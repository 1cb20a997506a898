"""Axes in words: titles, ticks that follow a zoom, ranges, and words right of a plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bokeh.models import (
    BasicTicker,
    CustomJSTicker,
    CustomJSTickFormatter,
    FixedTicker,
    LogAxis,
    NoOverlap,
)

from ._palette import Palette
from ._units import BYTES_JS, COUNT_JS, NUMBER_JS, RATE_JS, SECONDS_JS

SIZE = "12px"
FONT = "Roboto, Helvetica, Arial, sans-serif"

Unit = Literal["index", "seconds", "bytes", "count", "number", "rate"]
_JS = {
    "index": COUNT_JS,
    "seconds": SECONDS_JS,
    "bytes": BYTES_JS,
    "count": COUNT_JS,
    "number": NUMBER_JS,
    "rate": RATE_JS,
}
# Bokeh's own LogTicker shows two or three ticks on an axis of one or two decades.
_LOG_TICKS_JS = """
const {start, end} = cb_data.range;
const low = Math.min(start, end), high = Math.max(start, end);
const decades = Math.log10(high / low);
const ticks = [];
if (decades < 0.7) {
  const rough = (high - low) / 4;
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(k * step);
} else {
  const stride = Math.ceil(decades / 6);
  const factors = decades < 2.2 ? [1, 2, 5] : decades < 3.2 ? [1, 3] : [1];
  for (let p = Math.floor(Math.log10(low)); p <= Math.log10(high); p += stride) {
    for (const factor of factors) ticks.push(Number((factor + "e" + p)));
  }
}
return ticks.filter((tick) => tick >= low && tick <= high);
"""
_WORDS_JS = """
const named = places.indexOf(tick);
if (named >= 0) return words[named];
"""
_NBSP_TEX = "\u200b"


@dataclass(frozen=True)
class Axis:
    """One axis in one frame.

    Attributes:
        label: Its title.
        start: Where it starts: left, or bottom.
        end: Where it ends; below `start` to turn it round.
        ticks: Positions and words; None for ticks by number.
        unit: How numbers are written.
        slanted: Whether the words are too long to lie flat.
        visible: Whether ticks and their words are shown.
        grid: Whether it has grid lines.
        thinned: Whether words that would run into each other are left out.
    """

    label: str
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...] | None = None
    unit: Unit = "index"
    slanted: bool = False
    visible: bool = True
    grid: bool = False
    thinned: bool = True


def log_limits(values: Sequence[float]) -> tuple[float, float]:
    """Give the ends of a logarithmic axis around positive values, of which there is one or more."""
    low, high = math.log10(min(values)), math.log10(max(values))
    margin = max(0.06 * (high - low), 0.08)
    return 10.0 ** (low - margin), 10.0 ** (high + margin)


def middle(axis: Any, spec: Axis) -> float:
    """Give the place halfway along an axis as it is seen."""
    if isinstance(axis, LogAxis):
        return math.sqrt(spec.start * spec.end)
    return (spec.start + spec.end) / 2


def plain(text: str) -> str:
    r"""Keep Bokeh from reading a user's text as TeX, which it finds between `$$` or `\(` and `\)`.

    Example:
        >>> plain("$$x$$") == "$$x$$", plain("params['w']")
        (False, "params['w']")
    """
    return text.replace("$", "$" + _NBSP_TEX).replace("\\", "\\" + _NBSP_TEX)


def lay_axis(axis: Any, grid: Any, spec: Axis, colors: Palette) -> None:
    axis.update(
        axis_label=plain(spec.label),
        axis_label_text_color=colors.foreground,
        axis_label_text_font=FONT,
        axis_label_text_font_size="14px",
        axis_label_text_font_style="normal",
        axis_line_color=None if spec.grid else colors.grid,
        major_tick_line_color=colors.grid if spec.visible else None,
        major_tick_in=0,
        minor_tick_line_color=None,
        major_label_text_color=colors.foreground if spec.visible else None,
        major_label_text_font=FONT,
        major_label_text_font_size="12px",
        major_label_orientation=0.7 if spec.slanted else "horizontal",
    )
    grid.update(grid_line_color=colors.grid if spec.grid else None)
    if spec.thinned and not isinstance(axis.major_label_policy, NoOverlap):
        axis.major_label_policy = NoOverlap(min_distance=8)
    lay_ticks(axis, spec)
    if grid.ticker is not axis.ticker:
        grid.ticker = axis.ticker


def lay_right(figure: Any, words: tuple[tuple[float, str], ...], colors: Palette) -> None:
    """Write words right of the plot, where no width of the page cuts them off."""
    if len(figure.yaxis) == 1:
        figure.add_layout(type(figure.yaxis[0])(), "right")
    axis = figure.yaxis[1]
    axis.update(
        axis_line_color=None,
        major_tick_line_color=None,
        minor_tick_line_color=None,
        major_tick_out=0,
        major_label_standoff=2,
        major_label_text_color=colors.foreground,
        major_label_text_font=FONT,
        major_label_text_font_size=SIZE,
        visible=bool(words),
    )
    lay_ticks(axis, Axis("", 0.0, 1.0, words))


def lay_ticks(axis: Any, spec: Axis) -> None:
    """Give an axis its ticks and what stands at them."""
    places, args = _words(spec.ticks or ())
    code = _WORDS_JS + _JS[spec.unit]
    # Not as overrides of labels: Bokeh 3.9 keeps on the screen those that are taken back. What is
    # there changes inside, since a new model has Bokeh walk over all models of the page.
    formatter, ticker = axis.formatter, axis.ticker
    if not isinstance(formatter, CustomJSTickFormatter):
        axis.formatter = CustomJSTickFormatter(code=code, args=args)
    elif (formatter.code, formatter.args) != (code, args):
        formatter.update(code=code, args=args)
    if spec.ticks is not None:
        if not isinstance(ticker, FixedTicker):
            axis.ticker = FixedTicker(ticks=places, minor_ticks=[])
        elif ticker.ticks != places:
            ticker.ticks = places
    elif isinstance(axis, LogAxis):
        if not isinstance(ticker, CustomJSTicker):
            axis.update(ticker=CustomJSTicker(major_code=_LOG_TICKS_JS))
    elif not isinstance(ticker, BasicTicker) or ticker.num_minor_ticks:
        smallest = 1 if spec.unit == "index" else 0
        axis.ticker = BasicTicker(
            min_interval=smallest, num_minor_ticks=0, desired_num_ticks=8 if smallest else 5
        )


def lay_bar_ticks(bar: Any, ticks: Sequence[tuple[float, str]]) -> None:
    """Give a color bar its ticks and their words.

    It shows for good the ticker and the formatter that it was first drawn with: they change inside.
    """
    places, args = _words(ticks)
    if isinstance(bar.formatter, CustomJSTickFormatter):
        bar.formatter.args = args
        bar.ticker.ticks = places
    else:
        bar.formatter = CustomJSTickFormatter(code=_WORDS_JS + COUNT_JS, args=args)
        bar.ticker = FixedTicker(ticks=places, minor_ticks=[])


def _words(ticks: Sequence[tuple[float, str]]) -> tuple[list[float], dict[str, list[Any]]]:
    places = [place for place, _ in ticks]
    return places, {"places": places, "words": [plain(word) for _, word in ticks]}


def move(shown: Any, spec: Axis) -> None:
    # Only when the range itself is another one: what the reader zoomed into stays in sight.
    if (shown.reset_start, shown.reset_end) != (spec.start, spec.end):
        shown.update(start=spec.start, end=spec.end, reset_start=spec.start, reset_end=spec.end)
