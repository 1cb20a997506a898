"""Lines, boxes and words that a figure has beside its HoloViews element, updated in place.

An element more in an overlay costs HoloViews some ten milliseconds at each update, which a player
of ten frames a second doesn't have. These are Bokeh glyphs with a data source of their own, called
layers here. A layer that was laid once stays, without any data when there is nothing to show.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, GlyphRenderer, MultiLine, Quad, Text

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


@dataclass(frozen=True)
class Stroke:
    """A line through points in data coordinates.

    Attributes:
        xs: The horizontal coordinates of the points.
        ys: The vertical ones, as many.
        ink: Its color.
        width: In CSS pixels.
        alpha: From 0, clear, to 1.
        dash: Solid, dashed or dotted.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    ink: str
    width: float = 1.0
    alpha: float = 1.0
    dash: str = "solid"


_EMPTY = Word(math.nan, math.nan, "", "#000000")


def lay_strokes(figure: Any, strokes: Sequence[Stroke]) -> None:
    """Show these lines, and no others, on the figure, beneath its element."""
    data = {
        "xs": [list(stroke.xs) for stroke in strokes],
        "ys": [list(stroke.ys) for stroke in strokes],
        "ink": [stroke.ink for stroke in strokes],
        "width": [stroke.width for stroke in strokes],
        "alpha": [stroke.alpha for stroke in strokes],
        "dash": [stroke.dash for stroke in strokes],
    }
    lay(figure, "strokes", _strokes, data, beneath=True)


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
    lay(figure, "boxes", _quads, data)


def lay_words(figure: Any, words: Sequence[Word], size: str, name: str = "words") -> None:
    """Show these words, and no others, on the figure.

    A layer of words never becomes shorter, but has empty words: where the data shrink, Bokeh looks
    for the colors of the words that were there before, raises, and drops the rest of the update.

    Args:
        figure: The Bokeh figure.
        words: The words.
        size: That of the letters, in CSS.
        name: Of the layer.
    """
    there = laid(figure, name)
    before = 0 if there is None else len(there.data_source.data["text"])
    words = [*words, *[_EMPTY] * (before - len(words))]
    data = {
        "x": [word.x for word in words],
        "y": [word.y for word in words],
        "text": [word.text for word in words],
        "ink": [word.ink for word in words],
    }
    layer = lay(figure, name, _texts, data)
    layer.glyph.text_font_size = value(size)


def laid(figure: Any, name: str) -> Any:
    """Find the layer of that name; None where it was never laid."""
    return next((each for each in figure.renderers if each.name == name), None)


def lay(
    figure: Any,
    name: str,
    glyph: Callable[[], Any],
    data: dict[str, Any],
    beneath: bool = False,
) -> Any:
    """Lay a layer on the figure, or give it other data.

    Args:
        figure: The Bokeh figure.
        name: Of the layer.
        glyph: Makes its glyph, the first time.
        data: Its columns.
        beneath: Whether all else on the figure lies on it.

    Returns:
        The layer, a `GlyphRenderer`.
    """
    layer = laid(figure, name)
    if layer is None:
        layer = GlyphRenderer(data_source=ColumnDataSource(data), glyph=glyph(), name=name)
        figure.renderers.insert(0 if beneath else len(figure.renderers), layer)
    elif dict(layer.data_source.data) != data:
        layer.data_source.data = data
    return layer


def _strokes() -> MultiLine:
    return MultiLine(
        xs="xs", ys="ys", line_color="ink", line_width="width", line_alpha="alpha", line_dash="dash"
    )


def _quads() -> Quad:
    return Quad(
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


def _texts() -> Text:
    return Text(
        text="text",
        text_color="ink",
        text_font=value(FONT),
        text_align="center",
        text_baseline="middle",
    )
