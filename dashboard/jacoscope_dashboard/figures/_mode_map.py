"""The map of the fastest mode: a cell for each pair of sizes, beside what the rule says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from ._axes import Axis
from ._finish import Frame, options, quiet, telling
from ._layer import Box, Word, lay_boxes, lay_words
from ._marks import INK, column, table
from ._palette import Kind, Palette, blend, ink_on, palette
from ._units import format_count, three_digits

_ENDS = ["map from", "map bottom", "map to", "map top"]
_WORDS = ["sizes", "fastest", "ahead", "rule"]
_TIPS = [
    ("at", "@sizes"),
    ("fastest", "@fastest"),
    ("ahead of the other mode", "@ahead"),
    ("n ≤ m → forward", "@rule"),
]
_HEIGHT, _MARGIN = 380, 0.46
_PALE, _FULL = 0.25, 8.0  # the least strength of a color, and the ratio that has all of it


@dataclass(frozen=True)
class Cell:
    """One pair of sizes.

    Attributes:
        across: Its place from the left.
        up: Its place from below.
        sizes: Both sizes in words.
        kind: The mode that is ahead; None for a tie, and where it isn't known.
        ratio: How many times faster it is than the other mode's best; None likewise.
        fastest: The strategy, or why there is none.
        rule: What the textbook says, forward or reverse; "" where unknown.
    """

    across: int
    up: int
    sizes: str
    kind: Kind | None
    ratio: float | None
    fastest: str
    rule: str

    @property
    def against_rule(self) -> bool:
        """Whether what was measured is not what the rule says."""
        return self.kind is not None and bool(self.rule) and self.kind != self.rule


def mode_map(drawn: dict[str, Any], *, dark: bool = False) -> hv.Overlay:
    """Draw which mode is ahead at each pair of sizes, and by how much.

    The color of a mode is the stronger the further it is ahead; the cell says both in words. A
    heavy border marks where the rule says otherwise.

    Args:
        drawn: `cells`; `across` and `up`, a title and the sizes each.
        dark: Whether the page is dark.
    """
    colors = palette(dark)
    cells: Sequence[Cell] = drawn["cells"]
    boxes = [
        (
            *_ends(cell),
            *(cell.sizes, cell.fastest, _ahead(cell), cell.rule or "unknown", _fill(cell, colors)),
        )
        for cell in cells
    ]
    words = [Word(cell.across, cell.up, _said(cell), ink_on(_fill(cell, colors))) for cell in cells]
    heavy = [
        Box(left, bottom, right, top, line=colors.foreground, width=3.0)
        for left, bottom, right, top in (_ends(cell) for cell in cells if cell.against_rule)
    ]

    def lay(plot: Any) -> None:
        lay_boxes(plot.state, heavy)
        lay_words(plot.state, words, "12px")

    frame = Frame(
        x=_axis(*drawn["across"], there=bool(cells)),
        y=_axis(*drawn["up"], there=bool(cells)),
        dark=dark,
        height=_HEIGHT,
        sentence="" if cells else "No map yet",
        extra=lay,
    )
    style = {"color": column(INK), "line_color": colors.background, "line_width": 1}
    element: Any = hv.Rectangles(
        table(boxes, _ENDS, [*_WORDS, INK]), _ENDS, [*_WORDS, INK], datatype=["dictionary"]
    )
    overlay: Any = hv.Overlay([element.opts(**quiet(), **telling(_TIPS, **style))])
    return overlay.opts(**options(frame))


def _ends(cell: Cell) -> tuple[float, float, float, float]:
    return (
        cell.across - _MARGIN,
        cell.up - _MARGIN,
        cell.across + _MARGIN,
        cell.up + _MARGIN,
    )


def _axis(title: str, sizes: Sequence[int], *, there: bool) -> Axis:
    ticks = tuple((float(place), format_count(size)) for place, size in enumerate(sizes))
    return Axis(title, -0.6, max(len(sizes), 1) - 0.4, ticks, visible=there)


def _said(cell: Cell) -> str:
    if cell.kind is None or cell.ratio is None:
        return cell.fastest if len(cell.fastest) <= len("too small") else "–"
    return f"{cell.kind}\n{_ahead(cell)}"


def _ahead(cell: Cell) -> str:
    return "" if cell.ratio is None else f"{three_digits(cell.ratio)}×"


def _fill(cell: Cell, colors: Palette) -> str:
    if cell.kind is None or cell.ratio is None:
        return colors.grid
    share = min(1.0, max(_PALE, (cell.ratio - 1) / (_FULL - 1)))
    return blend(colors.background, colors.of(cell.kind), share)
