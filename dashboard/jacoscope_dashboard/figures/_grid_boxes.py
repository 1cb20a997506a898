"""What lies on the cells of a matrix: borders of blocks, what isn't known, the vectors going in."""

from __future__ import annotations

import numpy as np

from ._grid import GAP, STRIP, Filled, Side, strip_depth
from ._layer import Box, Word
from ._palette import STEPS, Kind, ink_on, inks, palette
from ._scale import Scale
from ._units import significant

_SMALL = 12  # cells each way that have their value written in
_NARROWEST_PX = 430  # of a matrix, in a window of 1280 with the drawer open
_CHARACTER_PX = 7.0


def boxes(rows: Side, columns: Side, filled: Filled | None, dark: bool) -> list[Box]:
    """Give all boxes and lines on a matrix, in the order in which they are drawn."""
    colors = palette(dark)
    lines = [Box(x, -0.5, x, rows.end, line=colors.foreground) for x in columns.borders()]
    lines += [Box(-0.5, y, columns.end, y, line=colors.foreground) for y in rows.borders()]
    if filled is None:
        return lines
    color = colors.of(_kind(filled))
    parts = [
        Box(*ends, fill=color if is_one else colors.grid, line=colors.background)
        for *ends, is_one in strip(rows, columns, filled)
    ]
    blank = [Box(*e, line=colors.grid, hatch=colors.grid) for e in unknown(rows, columns, filled)]
    last = [Box(*ends, line=color, width=3.0) for ends in mark(rows, columns, filled)]
    return [*blank, *parts, *lines, *last]


def cell_words(
    shown: np.ndarray,
    scale: Scale,
    rows: Side,
    columns: Side,
    filled: Filled | None,
    dark: bool,
    most: int = _SMALL,
) -> list[Word]:
    """Give the values to be written into the cells of a small matrix, and the entries going in.

    Args:
        shown: What is known of the matrix, (r, c).
        scale: Its scale.
        rows: Its outputs.
        columns: Its inputs.
        filled: How far the player is, None for a whole matrix.
        dark: Whether the page is dark.
        most: The most cells each way that have their value written in.
    """
    colors = palette(dark)
    words = []
    small = rows.whole and columns.whole and max(rows.size, columns.size) <= most
    digits = _digits(shown, columns.size) if small else 0
    if digits:
        shades = scale.shade(shown)
        words = [
            Word(
                j,
                i,
                significant(float(shown[i, j]), digits),
                _ink(float(shades[i, j]), scale, dark),
            )
            for i, j in np.ndindex(*shown.shape)
            if filled is None or filled.known is None or filled.known[i, j]
        ]
    if filled is not None and (filled.known is not None or _one(filled)):
        entries = strip(rows, columns, filled)
        one = ink_on(colors.of(_kind(filled)))
        if len(entries) > 2 or max(rows.size, columns.size) <= 2:
            words += [
                Word(
                    (left + right) / 2,
                    (top + bottom) / 2,
                    str(is_one),
                    one if is_one else colors.foreground,
                )
                for left, top, right, bottom, is_one in entries
            ]
    return words


def _digits(shown: np.ndarray, columns: int) -> int:
    """Return how many digits of each value fit into its cell, 3 at most; 0 where none do."""
    room = int(_NARROWEST_PX / max(columns, 1) / _CHARACTER_PX)
    for digits in (3, 2, 1):
        if all(len(significant(float(value), digits)) <= room for value in shown.flat):
            return digits
    return 0


def strip(
    rows: Side, columns: Side, filled: Filled
) -> list[tuple[float, float, float, float, int]]:
    """Give the vectors going in, as boxes left, top, right, bottom and whether they are one there.

    They lie above the columns for forward mode and left of the rows for reverse mode. Up to twelve
    entries have a box each; more are drawn as one box of zeros with one of ones on it.
    """
    forward = filled.side == "columns"
    length = columns.size if forward else rows.size
    if length <= _SMALL:
        ones = {line for start, stop in filled.last for line in range(start, stop)}
        spans = [(i, i + 1, int(i in ones)) for i in range(length)]
    else:
        spans = [(0, length, 0), *((start, stop, 1) for start, stop in filled.last)]
    depth = strip_depth(rows, columns, forward)
    far, near = -0.5 - depth, -0.5 - depth * GAP / (GAP + STRIP)
    if forward:
        return [(a - 0.5, far, b - 0.5, near, one) for a, b, one in spans]
    return [(far, a - 0.5, near, b - 0.5, one) for a, b, one in spans]


def mark(rows: Side, columns: Side, filled: Filled) -> list[tuple[float, float, float, float]]:
    """Give the boxes around the group that came last, as left, top, right, bottom."""
    if filled.side == "columns":
        return [(start - 0.5, -0.5, stop - 0.5, rows.end) for start, stop in filled.last]
    return [(-0.5, start - 0.5, columns.end, stop - 0.5) for start, stop in filled.last]


def unknown(rows: Side, columns: Side, filled: Filled) -> list[tuple[float, float, float, float]]:
    """Give the box of what is not known yet, as left, top, right, bottom."""
    if filled.known is not None:  # the cells say it themselves
        return []
    if filled.side == "columns":
        left = columns.shown(filled.stop) * columns.cell - 0.5
        return [(left, -0.5, columns.end, rows.end)] if left < columns.end else []
    top = rows.shown(filled.stop) * rows.cell - 0.5
    return [(-0.5, top, columns.end, rows.end)] if top < rows.end else []


def _one(filled: Filled) -> bool:
    return sum(stop - start for start, stop in filled.last) == 1


def _kind(filled: Filled) -> Kind:
    return "forward" if filled.side == "columns" else "reverse"


def _ink(shade: float, scale: Scale, dark: bool) -> str:
    colors = palette(dark)
    if np.isnan(shade):
        return ink_on(colors.nan)
    if np.isinf(shade):
        return ink_on(colors.inf)
    return inks(dark)[round((shade / scale.top + 1) / 2 * (STEPS - 1))]
