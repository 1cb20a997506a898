"""Colored cells with words on them, on a grid of places: what both maps are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv

from ._finish import Frame, options, quiet, telling
from ._layer import Box, Word, lay_boxes, lay_words
from ._marks import INK, column, table
from ._palette import ink_on, palette

_ENDS = ["map from", "map bottom", "map to", "map top"]
_MARGIN, _HEAVY = 0.46, 3.0


class Cells:
    """The cells of one frame.

    Args:
        names: What is told of each cell, as columns.
        tips: The tooltip, of these columns.
        size: That of the letters, in CSS.
        dark: Whether the page is dark.
    """

    def __init__(
        self, names: Sequence[str], tips: Sequence[tuple[str, str]], size: str, *, dark: bool
    ) -> None:
        self._names, self._tips, self._size = [*names, INK], tips, size
        self._colors = palette(dark)
        self._rows: list[tuple[Any, ...]] = []
        self._words: list[Word] = []
        self._heavy: list[Box] = []

    def add(
        self, across: int, up: int, told: Sequence[str], fill: str, word: str, *, heavy: bool
    ) -> None:
        """Add a cell.

        Args:
            across: Its place from the left.
            up: Its place from below.
            told: What is told of it, in the order of the names.
            fill: Its color.
            word: What is written on it.
            heavy: Whether it has a heavy border.
        """
        left, bottom = across - _MARGIN, up - _MARGIN
        right, top = across + _MARGIN, up + _MARGIN
        self._rows.append((left, bottom, right, top, *told, fill))
        self._words.append(Word(across, up, word, ink_on(fill)))
        if heavy:
            line = self._colors.foreground
            self._heavy.append(Box(left, top, right, bottom, line=line, width=_HEAVY))

    def lay(self, plot: Any) -> None:
        """Lay borders and words on the figure."""
        lay_boxes(plot.state, self._heavy)
        lay_words(plot.state, self._words, self._size)

    def overlay(self, frame: Frame, **others: Any) -> hv.Overlay:
        """Return the figure, with this frame around it and other options of HoloViews."""
        style = {"color": column(INK), "line_color": self._colors.background, "line_width": 1}
        element: Any = hv.Rectangles(
            table(self._rows, _ENDS, self._names), _ENDS, self._names, datatype=["dictionary"]
        )
        overlay: Any = hv.Overlay([element.opts(**quiet(), **telling(self._tips, **style))])
        return overlay.opts(**options(frame, **others))
