"""Points by kind of strategy, in one HoloViews element: each row carries its color and marker.

An element for each kind would cost HoloViews some twenty milliseconds at the first drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np

from ._legend import Entry, entries
from ._palette import KINDS, MARKERS, Kind, palette

EMPTY = "Nothing measured yet"
INK, MARKER = "ink", "marker"

Dot = tuple[Kind, tuple[Any, ...]]


def column(name: str) -> dict[str, str]:
    """Let a style of a Bokeh glyph come from a column, be there no row, one or many.

    HoloViews' own mapping of a dimension makes a constant of a column with one value, and a color
    mapper for an empty one: the glyph would be another one from update to update.
    """
    return {"field": name}


def table(
    rows: Sequence[tuple[Any, ...]], numbers: Sequence[str], words: Sequence[str]
) -> dict[str, np.ndarray]:
    """Give rows as columns, the first ones of numbers, the others of words.

    Words stay words where there is no row: of an empty column of numbers, Bokeh can't make colors.
    """
    names = [*numbers, *words]
    found: Sequence[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(names)
    return {
        name: np.array(column, dtype=float if place < len(numbers) else object)
        for place, (name, column) in enumerate(zip(names, found, strict=True))
    }


def by_kind(dots: Sequence[Dot], kdims: list[str], vdims: list[str], dark: bool) -> hv.Points:
    """Make one element of points, each in the color and with the marker of its kind.

    Args:
        dots: For each its kind, and x, y and the words for `vdims`; drawn in the order of kinds.
        kdims: The names of x and y.
        vdims: The names of the words.
        dark: Whether the page is dark.
    """
    colors = palette(dark)
    rows = [(*words, colors.of(kind), MARKERS[kind]) for kind, words in _sorted(dots)]
    words = [*vdims, INK, MARKER]
    return hv.Points(table(rows, kdims, words), kdims, words, datatype=["dictionary"])


def dot_style(dark: bool) -> dict[str, Any]:
    """Give the options of points `by_kind`."""
    return {
        "color": column(INK),
        "marker": column(MARKER),
        "size": 11,
        "line_color": palette(dark).background,
    }


def kinds_shown(dots: Sequence[Dot]) -> tuple[Entry, ...]:
    """Give the legend of points `by_kind`."""
    return entries(kind for kind, _ in _sorted(dots))


def _sorted(dots: Sequence[Dot]) -> list[Dot]:
    return sorted(dots, key=lambda dot: KINDS.index(dot[0]))
