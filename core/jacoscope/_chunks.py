"""A Jacobian that is handed out in blocks of rows or columns, and never there as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, overload

import numpy as np
from jaxtyping import Array

from ._jacobian import Mode
from ._matrix import Block
from ._passes import Passes


class JacobianChunk(NamedTuple):
    """Some rows, or some columns, of a Jacobian laid out as one matrix.

    Attributes:
        slices: Where it stands, as in `whole[slices] = values`; the other axis is whole.
        values: `(k, n)` for k rows, `(m, k)` for k columns.
    """

    slices: tuple[slice, slice]
    values: Array

    @property
    def start(self) -> int:
        """Its first row or column."""
        return self._range.start

    @property
    def stop(self) -> int:
        """One past its last row or column."""
        return self._range.stop

    @property
    def _range(self) -> slice:
        return self.slices[0] if self.slices[1] == slice(None) else self.slices[1]


@dataclass(frozen=True, eq=False)
class JacobianChunks:
    """The blocks of a Jacobian, each computed when it is asked for.

    It is a sequence: it has a length, an index computes one block, a slice is again such a
    sequence, and a loop goes through the blocks. The values of a block do not depend on which
    others were computed before it.

    Attributes:
        mode: `reverse`, whose blocks are rows; `forward` or `linearize`, whose blocks are columns.
        shape: `(m, n)` of the whole matrix, laid out as `as_matrix` does it.
        dtype: Of every block.
        chunk_size: Rows or columns of a block; the last one may have fewer.
        start: The first row or column.
        stop: One past the last row or column.
        row_blocks: The leaves of `f(x)` in order, with the rows of each.
        column_blocks: The leaves of `x` in order, with the columns of each.
        predicted_bytes: What XLA predicts that it takes while two blocks are there; None if
            unknown.
    """

    mode: Mode
    shape: tuple[int, int]
    dtype: np.dtype
    chunk_size: int
    start: int
    stop: int
    row_blocks: tuple[Block, ...]
    column_blocks: tuple[Block, ...]
    predicted_bytes: int | None
    _passes: Passes = field(repr=False)

    @property
    def axis(self) -> Literal[0, 1]:
        """The axis that is cut: 0 for rows, 1 for columns."""
        return self._passes.axis

    @property
    def block_shape(self) -> tuple[int, int]:
        """The shape of a block that is not the last."""
        m, n = self.shape
        return (self.chunk_size, n) if self.axis == 0 else (m, self.chunk_size)

    def __len__(self) -> int:
        """Count the blocks."""
        return len(range(self.start, self.stop, self.chunk_size))

    @overload
    def __getitem__(self, place: int) -> JacobianChunk: ...
    @overload
    def __getitem__(self, place: slice) -> JacobianChunks: ...
    def __getitem__(self, place: int | slice) -> JacobianChunk | JacobianChunks:
        """Compute one block, or return the sequence of some that follow each other.

        Raises:
            IndexError: There is no such block.
            ValueError: The slice has a step.
        """
        places = range(len(self))[place]
        if isinstance(places, range):
            if places.step != 1:
                raise ValueError(f"Chunks must be sliced without a step, but got {places.step}.")
            return replace(self, start=self._edge(places.start), stop=self._edge(places.stop))
        start, stop = self._edge(places), self._edge(places + 1)
        values = self._passes.block(start, self.chunk_size)
        if stop - start < self.chunk_size:
            values = values[: stop - start] if self.axis == 0 else values[:, : stop - start]
        part, whole = slice(start, stop), slice(None)
        return JacobianChunk((part, whole) if self.axis == 0 else (whole, part), values)

    def __iter__(self) -> Iterator[JacobianChunk]:
        """Compute the blocks one after the other."""
        return (self[place] for place in range(len(self)))

    def _edge(self, place: int) -> int:
        return min(self.start + place * self.chunk_size, self.stop)
