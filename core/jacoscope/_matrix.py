"""A Jacobian of pytrees as one matrix, with a name for each row, column and block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import PyTree

from ._point import path_name


class Block(NamedTuple):
    """The rows or columns `start:stop` that belong to one leaf of a pytree."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class LabeledMatrix:
    """A matrix whose rows are outputs and whose columns are inputs.

    Attributes:
        values: `(n_out, n_in)`.
        row_blocks: The leaves of `y` in order, with the rows of each.
        column_blocks: The leaves of `x` in order, with the columns of each.
        row_shapes: Shape of each leaf of `y`.
        column_shapes: Shape of each leaf of `x`.
    """

    values: np.ndarray
    row_blocks: tuple[Block, ...]
    column_blocks: tuple[Block, ...]
    row_shapes: tuple[tuple[int, ...], ...]
    column_shapes: tuple[tuple[int, ...], ...]

    def row_label(self, i: int) -> str:
        """Name row i by its path in `y`, such as `y['loss'][2]`."""
        return number_name(i, self.row_blocks, self.row_shapes)

    def column_label(self, j: int) -> str:
        """Name column j by its path in `x`, such as `x[0][2, 1]`."""
        return number_name(j, self.column_blocks, self.column_shapes)

    @property
    def rows(self) -> list[str]:
        """The names of all rows."""
        return [self.row_label(i) for i in range(self.values.shape[0])]

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return [self.column_label(j) for j in range(self.values.shape[1])]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Let NumPy read the matrix as an array."""
        return np.array(self.values, dtype=dtype, copy=copy)


def as_matrix(J: PyTree[Any], y: PyTree[Any], x: PyTree[Any]) -> LabeledMatrix:  # noqa: N803
    """Lay a Jacobian out as one matrix.

    Args:
        J: What `jacobian` or `jax.jacfwd` returned: for each leaf of `y` a pytree like `x`.
        y: The output of the function, or its shapes; m numbers in all.
        x: The point, or its shapes; n numbers in all.

    Returns:
        The `(m, n)` matrix, in NumPy, with rows and columns named by their pytree paths.

    Raises:
        ValueError: `J` has not the structure or a shape that `y` and `x` ask for.

    >>> J = {"a": np.eye(2)}
    >>> as_matrix(J, {"a": np.ones(2)}, np.ones(2)).rows
    ["y['a'][0]", "y['a'][1]"]
    """
    outputs, inputs = jax.tree_util.tree_leaves_with_path(y), jax.tree_util.tree_leaves_with_path(x)
    try:
        per_output = jax.tree.structure(y).flatten_up_to(J)
        blocks = [jax.tree.structure(x).flatten_up_to(each) for each in per_output]
    except (TypeError, ValueError) as error:
        raise ValueError(f"`J` must have a pytree like `x` for each leaf of `y`: {error}") from None
    rows = []
    for (_, out), row in zip(outputs, blocks, strict=True):
        parts = []
        for (_, point), block in zip(inputs, row, strict=True):
            expected = (*np.shape(out), *np.shape(point))
            if np.shape(block) != expected:
                raise ValueError(
                    f"A block of `J` must have shape {expected}, but got {np.shape(block)}."
                )
            parts.append(np.asarray(block).reshape(_count(out), _count(point)))
        rows.append(np.concatenate(parts, axis=1))
    return LabeledMatrix(
        values=np.concatenate(rows, axis=0),
        row_blocks=leaf_blocks(outputs, "y"),
        column_blocks=leaf_blocks(inputs, "x"),
        row_shapes=tuple(np.shape(leaf) for _, leaf in outputs),
        column_shapes=tuple(np.shape(leaf) for _, leaf in inputs),
    )


def _count(leaf: Any) -> int:
    return int(np.prod(np.shape(leaf)))


def leaf_blocks(leaves: list[tuple[Any, Any]], root: str) -> tuple[Block, ...]:
    """Return where the numbers of each leaf stand when all leaves are laid in a row."""
    stops = np.cumsum([_count(leaf) for _, leaf in leaves]).tolist()
    starts = [0, *stops[:-1]]
    return tuple(
        Block(path_name(path, root), start, stop)
        for (path, _), start, stop in zip(leaves, starts, stops, strict=True)
    )


def number_name(i: int, blocks: tuple[Block, ...], shapes: tuple[tuple[int, ...], ...]) -> str:
    """Name number i of all leaves in a row by its path, such as `x['w'][2, 1]`."""
    for block, shape in zip(blocks, shapes, strict=True):
        if block.start <= i < block.stop:
            if shape == ():
                return block.name
            place = np.unravel_index(i - block.start, shape)
            return f"{block.name}[{', '.join(str(each) for each in place)}]"
    raise IndexError(f"There is no row or column {i}.")
