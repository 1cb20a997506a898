"""Where the cells of a matrix lie: sides, ticks, borders of blocks and what is known.

Cell (i, j) of the full matrix is the unit square around (j, i); the first row lies at the top. A
reduced matrix has fewer, larger cells that cover the same area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

STRIP, GAP = 0.06, 0.02  # of the matrix's height or width
_FEW_ROWS, _FEW_COLUMNS, _LONG = 24, 16, 24


@dataclass(frozen=True)
class Filled:
    """How far the player is.

    Attributes:
        side: What passes fill: columns, by JVPs, or rows, by VJPs.
        last: Of the group that came last, the runs `start, stop` of its lines.
        stop: The lines before it are known.
        known: For a coloring, of which the above knows nothing: whether each drawn cell is known,
            (r, c).
    """

    side: Literal["columns", "rows"]
    last: tuple[tuple[int, int], ...]
    stop: int
    known: np.ndarray | None = field(default=None, compare=False)

    @classmethod
    def to(cls, side: Literal["columns", "rows"], start: int, stop: int) -> Filled:
        """Be as far as `stop`, with the lines from `start` on as the last group."""
        return cls(side, ((start, stop),) if stop > start else (), stop)


@dataclass(frozen=True)
class Side:
    """One side of a matrix: its outputs, or its inputs.

    Attributes:
        size: How many there are in full.
        labels: A path for each cell that is drawn.
        blocks: Name, start, stop of each leaf, in full index coordinates.
        path: Words for what they belong to.
    """

    size: int
    labels: Sequence[str]
    blocks: Sequence[tuple[str, int, int]]
    path: str

    @property
    def cell(self) -> int:
        """Count the full cells in a drawn one; the last one may have fewer."""
        return -(-self.size // max(1, len(self.labels))) or 1

    @property
    def end(self) -> float:
        """Give where the last cell ends."""
        return max(self.size, 1) - 0.5

    @property
    def whole(self) -> bool:
        """Tell whether each cell is drawn for itself."""
        return len(self.labels) == self.size

    def borders(self) -> list[float]:
        """Give the places between blocks."""
        return [start - 0.5 for _, start, _ in self.blocks if start > 0]

    def title(self, word: str) -> str:
        """Give the axis title: the path's own words, or `word` before a bare path."""
        if self.path.startswith(("inputs", "outputs")):
            return self.path
        return f"{word}, {self.path}" if self.path else word

    def ticks(self, few: int) -> tuple[tuple[float, str], ...] | None:
        """Give paths for few cells, names for several blocks, and None for numbers."""
        if self.whole and self.size <= few:
            return tuple((i, _short(label)) for i, label in enumerate(self.labels))
        wide = [b for b in self.blocks if (b[2] - b[1]) * few >= self.size]
        if len(self.blocks) > 1 and wide:
            return tuple(((a + b - 1) / 2, _short(name)) for name, a, b in wide)
        return None

    def shown(self, stop: int) -> int:
        """Count the drawn cells that are whole when `stop` of the full ones are known."""
        return len(self.labels) if stop >= self.size else stop // self.cell


def sides(picture: dict[str, Any]) -> tuple[Side, Side]:
    """Give the sides of a picture: outputs (rows), then inputs (columns)."""

    def side(size: str, name: str, path: str) -> Side:
        blocks = [(str(n), int(a), int(b)) for n, a, b in picture.get(f"{name}_blocks") or ()]
        labels = [str(label) for label in picture[f"{name}_labels"]]
        return Side(int(picture[size]), labels, blocks, str(picture.get(path) or ""))

    return side("n_out", "row", "y_path"), side("n_in", "column", "x_path")


def few_ticks(rows: Side, columns: Side) -> tuple[Any, Any, bool]:
    """Give the ticks of both sides, and whether those of the columns have to be slanted."""
    across = columns.ticks(_FEW_COLUMNS)
    letters = max((len(word) for _, word in across), default=0) if across else 0
    return rows.ticks(_FEW_ROWS), across, bool(across) and letters * len(across or ()) > 90


def known_part(values: np.ndarray, rows: Side, columns: Side, filled: Filled | None) -> np.ndarray:
    """Cut the matrix to what is known so far.

    Args:
        values: The matrix, (r, c).
        rows: Its outputs.
        columns: Its inputs.
        filled: What the player has reached, None for all. Cells of a coloring stay.
    """
    if filled is None or filled.known is not None:
        return values
    if filled.side == "columns":
        return values[:, : columns.shown(filled.stop)]
    return values[: rows.shown(filled.stop), :]


def strip_depth(rows: Side, columns: Side, forward: bool) -> float:
    """Give how far the vectors going in reach out of the matrix, in cells."""
    # A matrix is drawn wider than high: what lies at its left takes less of it.
    return (GAP + STRIP) * (rows.size if forward else 0.7 * columns.size)


def corners(rows: Side, columns: Side, filled: Filled | None) -> tuple[float, float]:
    """Give the left and the top end of the axes, with room for the vectors going in."""
    if filled is None:
        return -0.5, -0.5
    forward = filled.side == "columns"
    depth = strip_depth(rows, columns, forward)
    return (-0.5, -0.5 - depth) if forward else (-0.5 - depth, -0.5)


def _short(label: str) -> str:
    return label if len(label) <= _LONG else "…" + label[-_LONG + 1 :]
