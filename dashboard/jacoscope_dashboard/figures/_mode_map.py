"""The map of the fastest mode: a cell for each pair of sizes, beside what the rule says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from ._axes import Axis
from ._cells import Cells
from ._finish import Frame
from ._palette import Kind, Palette, blend, palette
from ._units import format_count, three_digits

_WORDS = ["sizes", "fastest", "ahead", "rule"]
_TIPS = [
    ("at", "@sizes"),
    ("fastest", "@fastest"),
    ("ahead of the other mode", "@ahead"),
    ("n ≤ m → forward", "@rule"),
]
_HEIGHT = 380
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
    laid = Cells(_WORDS, _TIPS, "12px", dark=dark)
    for cell in cells:
        told = (cell.sizes, cell.fastest, _ahead(cell), cell.rule or "unknown")
        fill = _fill(cell, colors)
        laid.add(cell.across, cell.up, told, fill, _said(cell), heavy=cell.against_rule)
    return laid.overlay(
        Frame(
            x=_axis(*drawn["across"], there=bool(cells)),
            y=_axis(*drawn["up"], there=bool(cells)),
            dark=dark,
            height=_HEIGHT,
            sentence="" if cells else "No map yet",
            extra=laid.lay,
        )
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
