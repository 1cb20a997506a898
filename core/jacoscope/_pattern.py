"""A sparsity pattern: where a Jacobian may be other than zero, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jax.experimental.sparse import BCOO

Known = Literal["proven", "given", "probed"]
Product = Literal["jvp", "vjp"]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Pattern:
    """The entries that may be other than zero, row by row and each once.

    Attributes:
        rows: Row of each entry, counted over the leaves of f(x); int32.
        cols: Column of each entry, counted over the leaves of x; int32.
        shape: `(n_out, n_in)`.
        known: `proven` from the jaxpr, for every x; `given` by the user; or `probed`, by the
            values at one x and for that x only.
        through: Where it was proven from the jaxpr of a product with the derivative, as the
            function has derivative rules of its own: which product; else None.
    """

    rows: np.ndarray
    cols: np.ndarray
    shape: Shape
    known: Known
    through: Product | None = None

    @property
    def certain(self) -> bool:
        """Whether it holds for every x, and not only for the one it was probed at."""
        return self.known != "probed"

    @property
    def nnz(self) -> int:
        """Count the entries."""
        return len(self.rows)


def make_pattern(
    rows: Any, cols: Any, shape: Shape, known: Known, through: Product | None = None
) -> Pattern:
    """Sort entries by row and column, and keep each once."""
    keys = np.unique(np.asarray(rows, np.int64) * max(shape[1], 1) + np.asarray(cols, np.int64))
    rows, cols = np.divmod(keys, max(shape[1], 1))
    return Pattern(rows.astype(np.int32), cols.astype(np.int32), shape, known, through)


def symmetric(pattern: Pattern) -> Pattern:
    """Return the pattern with its transpose added, as a Hessian's is."""
    rows = np.concatenate([pattern.rows, pattern.cols])
    cols = np.concatenate([pattern.cols, pattern.rows])
    return make_pattern(rows, cols, pattern.shape, pattern.known, pattern.through)


def transposed(pattern: Pattern) -> Pattern:
    """Return the pattern of the transpose."""
    return make_pattern(pattern.cols, pattern.rows, pattern.shape[::-1], pattern.known)


def read_entries(sparsity: Any) -> tuple[np.ndarray, np.ndarray, Shape | None]:
    """Read a pattern as a user gives it.

    Args:
        sparsity: A dense matrix whose nonzero entries count, a SciPy sparse matrix, a `BCOO`, or
            a pair of index arrays (rows, columns). What `plain_entries` returns is one, too.

    Returns:
        Rows, columns and the shape; None where only a pair of indices was given.

    Raises:
        TypeError: It is something else.
        ValueError: It is no matrix, or the two index arrays are no indices of equal length.
    """
    if isinstance(sparsity, Mapping):
        return sparsity["rows"], sparsity["cols"], sparsity["shape"]
    if isinstance(sparsity, BCOO):
        if sparsity.ndim != 2 or sparsity.n_batch or sparsity.n_dense:
            raise ValueError(
                f"`sparsity` must be a matrix, but got a BCOO of shape {sparsity.shape} with"
                f" {sparsity.n_batch} batch and {sparsity.n_dense} dense axes."
            )
        indices = np.asarray(sparsity.indices)
        inside = (indices < np.asarray(sparsity.shape)).all(axis=1)  # BCOO pads out of bounds
        return indices[inside, 0], indices[inside, 1], sparsity.shape
    if hasattr(sparsity, "tocoo"):
        entries = sparsity.tocoo()
        return np.asarray(entries.row), np.asarray(entries.col), entries.shape
    if isinstance(sparsity, tuple) and len(sparsity) == 2:
        rows, cols = (np.asarray(each) for each in sparsity)
        if (
            rows.ndim != 1
            or rows.shape != cols.shape
            or not all(each.size == 0 or each.dtype.kind in "iu" for each in (rows, cols))
        ):
            raise ValueError(
                "`sparsity` as a pair must be two integer arrays (rows, columns) of one length,"
                f" but got {rows.dtype}{list(rows.shape)} and {cols.dtype}{list(cols.shape)}."
            )
        return rows, cols, None
    if not hasattr(sparsity, "shape"):
        raise TypeError(
            "`sparsity` must be a matrix, dense or sparse, or a pair of index arrays"
            f" (rows, columns), but got {type(sparsity).__name__}."
        )
    dense = np.asarray(sparsity)
    if dense.ndim != 2:
        raise ValueError(f"`sparsity` must be a matrix, but got shape {dense.shape}.")
    rows, cols = np.nonzero(dense)
    return rows, cols, dense.shape


def plain_entries(sparsity: Any) -> dict[str, Any]:
    """Return a user's pattern as plain data, for a worker to read.

    Raises:
        TypeError: As `read_entries`.
        ValueError: As `read_entries`.
    """
    rows, cols, shape = read_entries(sparsity)
    return {
        "rows": np.asarray(rows, np.int64),
        "cols": np.asarray(cols, np.int64),
        "shape": None if shape is None else list(shape),
    }


def given_pattern(sparsity: Any, shape: Shape) -> Pattern:
    """Read a user's pattern of a Jacobian of that shape.

    Raises:
        TypeError: It is of a kind that is not read.
        ValueError: Its shape is another one, or an index lies outside.
    """
    rows, cols, its_shape = read_entries(sparsity)
    if its_shape is not None and tuple(its_shape) != shape:
        raise ValueError(f"`sparsity` must have shape {shape}, but got {tuple(its_shape)}.")
    for name, indices, length in (("row", rows, shape[0]), ("column", cols, shape[1])):
        if indices.size and not (indices.min() >= 0 and indices.max() < length):
            raise ValueError(
                f"`sparsity` must have {name} indices between 0 and {length - 1},"
                f" but got {indices.min()} to {indices.max()}."
            )
    return make_pattern(rows, cols, shape, "given")
