"""The pattern of a derivative: where it may be other than zero, and which pass gives what."""

from __future__ import annotations

from functools import partial
from typing import Any

import holoviews as hv
import numpy as np

from ._axes import Axis
from ._cell_hover import lay_hover
from ._finish import Frame, hover, options
from ._grid import Side, few_ticks, sides
from ._grid_boxes import boxes
from ._heatmap import cells
from ._layer import Box, Word, lay_boxes, lay_words
from ._palette import group_colors, ink_on, palette
from ._units import format_count

_HEIGHT = 380
_SMALL = 24  # cells each way that have the number of their pass written in


def groups(structure: dict[str, Any], *, dark: bool = False) -> hv.Image:
    """Draw the entries of a pattern, each in the color of the pass that it is read from.

    Args:
        structure: What a `structure` job brings, colored.
        dark: Whether the page is dark.
    """
    number = np.asarray(structure["colored"]["groups"])
    rows, columns = sides(structure)
    colors = group_colors(dark)
    shades = np.where(number > 0, (number - 1) % len(colors) + 1, np.nan).astype(np.float32)
    known = np.where(number > 0, number, np.nan).astype(np.float32)
    down, across, slanted = few_ticks(rows, columns)
    frame = Frame(
        x=Axis(columns.title("inputs"), -0.5, columns.end, across, slanted=slanted),
        y=Axis(rows.title("outputs"), rows.end, -0.5, down),
        dark=dark,
        height=_HEIGHT,
        extra=partial(_finish, number, known, rows, columns, dark),
    )
    return cells(shades, rows, columns).opts(
        cmap=list(colors),
        clim=(0.5, len(colors) + 0.5),
        clipping_colors={"NaN": "rgba(0, 0, 0, 0)"},
        **options(frame),
    )


def summary_groups(structure: dict[str, Any]) -> str:
    """Say how many entries there are, how that is known, and how many passes they take."""
    colored = structure["colored"]
    jvps, vjps = colored["by_column"], colored["by_row"]
    kinds = {"HVP" if structure["symmetric"] else "JVP": jvps, "VJP": vjps}
    said = " and ".join(f"{count:,} {name}{_s(count)}" for name, count in kinds.items() if count)
    text = f"{colored['note']} Cells of one color are read from the same pass: {said or 'none'}."
    if jvps and vjps:
        text += f" The JVPs are numbered first, up to {format_count(jvps)}."
    return text


def _finish(
    number: np.ndarray, known: np.ndarray, rows: Side, columns: Side, dark: bool, plot: Any
) -> None:
    image, figure = plot.handles["glyph_renderer"], plot.state
    tool = hover(figure, "cells")
    lay_hover(tool, image, known, rows, columns, apart=True, word="pass", nothing="none: zero")
    frame = Box(-0.5, -0.5, columns.end, rows.end, line=palette(dark).neutral)
    lay_boxes(figure, [frame, *boxes(rows, columns, None, dark)])
    small = rows.whole and columns.whole and max(rows.size, columns.size) <= _SMALL
    colors = group_colors(dark)
    words = [
        Word(float(j), float(i), str(number[i, j]), _ink(int(number[i, j]), colors))
        for i, j in (np.argwhere(number > 0) if small else ())
    ]
    lay_words(figure, words, "12px")


def _ink(number: int, colors: tuple[str, ...]) -> str:
    return ink_on(colors[(number - 1) % len(colors)])


def _s(count: int) -> str:
    return "" if count == 1 else "s"
