"""Columns, or rows, that share a pass because no row, or column, has entries of two of them.

The colorings are asdex's: greedy, by columns or by rows, and star colorings of symmetric
patterns. asdex has no bidirectional one; ours takes the fullest rows by VJPs and the columns of
what is left by JVPs, or the other way about, and colors each part by asdex. Its star coloring of
[[0, P], [Pᵀ, 0]] would be one too, but took n colors where P is an arrow, and this takes three.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, assert_never

import numpy as np

from ._asdex import import_asdex
from ._pattern import Pattern, make_pattern, symmetric

_PEELED = (1, 2, 4, 8, 16, 32, 64)  # how many full rows, or columns, are taken apart

Direction = Literal["forward", "reverse", "mixed", "symmetric", "diagonal"]


@dataclass(frozen=True, eq=False)
class Seeds:
    """Which vectors are pushed, or pulled.

    Attributes:
        colors: The color of each column, or row: the vector it is part of; −1 for none.
        count: How many vectors.
    """

    colors: np.ndarray
    count: int


@dataclass(frozen=True, eq=False)
class Coloring:
    """How a sparse Jacobian is computed in few passes, and read out of what they give.

    Attributes:
        pattern: Its entries.
        columns: Seeds of the JVPs; None without. They give a `(count, n_out)` matrix.
        rows: Seeds of the VJPs; None without. They give a `(count, n_in)` matrix.
        by_row: For each entry, whether it is read from a VJP.
        lane: For each entry, the vector whose product has it.
        place: For each entry, where in that product.
        prep_s: Seconds that finding pattern and coloring took; None where not timed.
    """

    pattern: Pattern
    columns: Seeds | None
    rows: Seeds | None
    by_row: np.ndarray
    lane: np.ndarray
    place: np.ndarray
    prep_s: float | None = None

    @property
    def passes(self) -> int:
        """Count the products."""
        return sum(side.count for side in (self.columns, self.rows) if side is not None)

    @property
    def note(self) -> str:
        """Say how the pattern is known, and what the colors make of it."""
        how = {
            "proven": "Sparsity proven for every x",
            "given": "Sparsity given",
            "probed": "Sparsity probed at this x and not known elsewhere",
        }[self.pattern.known]
        n_out, n_in = self.pattern.shape
        passes = "1 pass" if self.passes == 1 else f"{self.passes:,} passes"
        return f"{how}: {self.pattern.nnz:,} entries of {n_out:,} × {n_in:,} in {passes}."


def color(pattern: Pattern, direction: Direction, by_columns: Coloring | None = None) -> Coloring:
    """Color a pattern.

    Args:
        pattern: Where the Jacobian may be other than zero.
        direction: `forward` colors columns, `reverse` rows, `mixed` both, whichever takes fewer
            for each entry; `symmetric` colors the columns of a Hessian, each entry read from the
            column or, by symmetry, from the row; `diagonal` colors them for its diagonal alone.
        by_columns: What `forward` gave for this pattern, if it is known: `mixed` begins with it.

    Returns:
        The coloring; with the transpose's entries added to the pattern for `symmetric`, and the
        diagonal's alone left for `diagonal`.

    Raises:
        ImportError: asdex is not installed.
    """
    asdex = import_asdex()
    rows, cols = pattern.rows, pattern.cols
    match direction:
        case "forward":
            seeds = _greedy(asdex.color_cols, pattern, 1)
            return _coloring(pattern, seeds, None, seeds.colors[cols], rows)
        case "reverse":
            seeds = _greedy(asdex.color_rows, pattern, 0)
            return _coloring(pattern, None, seeds, seeds.colors[rows], cols)
        case "mixed":
            return _mixed(pattern, by_columns or color(pattern, "forward"))
        case "symmetric":
            return _symmetric(asdex, symmetric(pattern))
        case "diagonal":
            return _diagonal(asdex, symmetric(pattern))
        case never:
            assert_never(never)


def _coloring(
    pattern: Pattern, columns: Seeds | None, rows: Seeds | None, lane: Any, place: Any
) -> Coloring:
    return Coloring(pattern, columns, rows, np.full(pattern.nnz, columns is None), lane, place)


class _Entries(NamedTuple):
    """What asdex's greedy colorings read of a pattern.

    Its own class has JAX compile a program for each number of entries, and a bidirectional
    coloring tries many.
    """

    rows: np.ndarray
    cols: np.ndarray
    m: int
    n: int


def _greedy(paint: Any, pattern: Pattern, axis: int) -> Seeds:
    if pattern.nnz == 0:
        return Seeds(np.full(pattern.shape[axis], -1, np.int32), 0)
    rows, cols = (np.asarray(line, np.int32) for line in (pattern.rows, pattern.cols))
    return Seeds(*paint(_Entries(rows, cols, *pattern.shape)))


def _mixed(pattern: Pattern, best: Coloring) -> Coloring:
    """Take the fullest rows, or columns, apart, as many as make the passes fewest."""
    for axis, line in enumerate((pattern.rows, pattern.cols)):
        length = pattern.shape[axis]
        fullest = np.argsort(-np.bincount(line, minlength=length), kind="stable")
        for count in _PEELED:
            if count < length:
                apart = np.zeros(length, bool)
                apart[fullest[:count]] = True
                by_row = apart[line] == (axis == 0)
                if _fewest(pattern, by_row) < best.passes:
                    best = min(best, _two_ways(pattern, by_row), key=lambda each: each.passes)
    return best


def _fewest(pattern: Pattern, by_row: np.ndarray) -> int:
    """Return a bound on the passes: entries of one row, or column, that share none."""
    in_columns, in_rows = pattern.cols[by_row], pattern.rows[~by_row]
    return sum(int(np.bincount(line).max()) for line in (in_columns, in_rows) if len(line))


def _two_ways(pattern: Pattern, by_row: np.ndarray) -> Coloring:
    """Color the rows of some entries and the columns of the others."""
    parts = [
        Pattern(pattern.rows[mask], pattern.cols[mask], pattern.shape, pattern.known)
        for mask in (by_row, ~by_row)
    ]
    rows, columns = color(parts[0], "reverse"), color(parts[1], "forward")
    assert rows.rows is not None
    assert columns.columns is not None
    lane, place = (np.empty(pattern.nnz, np.int32) for _ in range(2))
    for mask, part in ((by_row, rows), (~by_row, columns)):
        lane[mask], place[mask] = part.lane, part.place
    seeded = np.zeros(pattern.shape[0], bool)
    seeded[parts[0].rows] = True
    of_rows = Seeds(np.where(seeded, rows.rows.colors, -1), rows.rows.count)
    seeded = np.zeros(pattern.shape[1], bool)
    seeded[parts[1].cols] = True
    of_columns = Seeds(np.where(seeded, columns.columns.colors, -1), columns.columns.count)
    return Coloring(pattern, of_columns, of_rows, by_row, lane, place)


def _symmetric(asdex: Any, pattern: Pattern) -> Coloring:
    rows, cols, size = pattern.rows, pattern.cols, pattern.shape[1]
    if pattern.nnz == 0:
        seeds = Seeds(np.full(size, -1, np.int32), 0)
        return _coloring(pattern, seeds, None, rows, cols)
    painted = asdex.SparsityPattern.from_coo(rows, cols, pattern.shape)
    colors, count, stars = asdex.color_symmetric(painted)
    hub = np.where(rows == cols, cols, 0)
    off = rows != cols
    hub[off] = _hubs(stars, rows[off], cols[off], size)
    place = np.where(hub == cols, rows, cols)
    return _coloring(pattern, Seeds(colors, count), None, colors[hub], place)


def _diagonal(asdex: Any, pattern: Pattern) -> Coloring:
    """Color the columns so that no two of one color have an entry in common rows of theirs.

    Those whose own entry is zero need no product. The rows that asdex is shown are the entries
    off the diagonal, each joining two columns, and one row for each column alone.
    """
    own = pattern.rows[pattern.rows == pattern.cols]
    wanted = np.zeros(pattern.shape[1], bool)
    wanted[own] = True
    joined = (pattern.rows < pattern.cols) & wanted[pattern.rows] & wanted[pattern.cols]
    edges = np.arange(joined.sum())
    lines = np.concatenate([edges, edges, len(edges) + np.arange(len(own))])
    ends = np.concatenate([pattern.rows[joined], pattern.cols[joined], own])
    shape = len(edges) + len(own), pattern.shape[1]
    seeds = _greedy(asdex.color_cols, make_pattern(lines, ends, shape, pattern.known), 1)
    colors = np.where(wanted, seeds.colors, -1)
    alone = Pattern(own, own, pattern.shape, pattern.known)
    return _coloring(alone, Seeds(colors, seeds.count), None, colors[own], own)


def _hubs(stars: Any, rows: np.ndarray, cols: np.ndarray, size: int) -> np.ndarray:
    """Return for each entry off the diagonal the vertex whose product has it alone."""
    if len(rows) == 0:
        return rows
    edges = stars.edge_lo.astype(np.int64) * size + stars.edge_hi
    wanted = np.minimum(rows, cols).astype(np.int64) * size + np.maximum(rows, cols)
    found = np.searchsorted(edges, wanted)
    assert (edges[found] == wanted).all()
    hub = stars.hub[stars.star[stars.edge_pos[found]]]
    return np.where(hub < 0, -hub - 1, hub)  # asdex writes an open choice as −(vertex + 1)
