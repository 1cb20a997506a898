"""Boxes and words that a figure has beside its HoloViews element, updated in place.

An element more in an overlay costs HoloViews some ten milliseconds at each update, which a player
of ten frames a second doesn't have. These are Bokeh glyphs with a data source of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, Quad, Text

from ._axes import FONT


@dataclass(frozen=True)
class Box:
    """A rectangle in data coordinates; a line, where it has no width or height.

    Attributes:
        left: Its smaller x.
        top: Its smaller y.
        right: Its larger x.
        bottom: Its larger y.
        fill: Its color, None for none.
        line: The color of its border, None for none.
        width: Of the border, in CSS pixels.
        hatch: The color of its hatching, None for none.
    """

    left: float
    top: float
    right: float
    bottom: float
    fill: str | None = None
    line: str | None = None
    width: float = 1.0
    hatch: str | None = None


@dataclass(frozen=True)
class Word:
    """A text around a point in data coordinates."""

    x: float
    y: float
    text: str
    ink: str


def lay_boxes(figure: Any, boxes: Sequence[Box]) -> None:
    """Show these boxes, and no others, on the figure."""
    data = {
        "left": [box.left for box in boxes],
        "right": [box.right for box in boxes],
        "top": [box.top for box in boxes],
        "bottom": [box.bottom for box in boxes],
        "fill": [box.fill for box in boxes],
        "line": [box.line for box in boxes],
        "width": [box.width for box in boxes],
        "hatch": [box.hatch for box in boxes],
    }
    glyph = Quad(
        fill_color="fill",
        line_color="line",
        line_width="width",
        hatch_color="hatch",
        hatch_pattern=value("right_diagonal_line"),
        hatch_scale=10.0,
        left="left",
        right="right",
        top="top",
        bottom="bottom",
    )
    _lay(figure, "boxes", glyph, data)


def lay_words(figure: Any, words: Sequence[Word], size: str) -> None:
    """Show these words, and no others, on the figure; `size` is that of the letters in CSS."""
    data = {
        "x": [word.x for word in words],
        "y": [word.y for word in words],
        "text": [word.text for word in words],
        "ink": [word.ink for word in words],
    }
    glyph = Text(
        text="text",
        text_color="ink",
        text_font=value(FONT),
        text_align="center",
        text_baseline="middle",
    )
    laid = _lay(figure, "words", glyph, data)
    laid.glyph.text_font_size = value(size)


def _lay(figure: Any, name: str, glyph: Any, data: dict[str, Any]) -> Any:
    found = [each for each in figure.renderers if each.name == name]
    if not found:
        return figure.add_glyph(ColumnDataSource(data), glyph, name=name)
    if dict(found[0].data_source.data) != data:
        found[0].data_source.data = data
    return found[0]
