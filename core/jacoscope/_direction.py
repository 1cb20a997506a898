"""A tangent or a cotangent, chosen in plain data: a basis vector, ones, random, or any numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._space import Space

BASIS: Mapping[str, Any] = {"kind": "basis", "index": 0}


@dataclass(frozen=True)
class Direction:
    """A vector and what was chosen to get it.

    Attributes:
        row: `(size,)` in float64.
        choice: What it is, as plain data.
        note: Why it is not what was asked for; else empty.
    """

    row: np.ndarray
    choice: Mapping[str, Any]
    note: str = ""


def direction(choice: Mapping[str, Any], space: Space) -> Direction:
    """Return the vector that was chosen; where that does not fit the space, its first basis vector.

    What is chosen outlives the function that it was chosen for, so not to fit is no error.

    Args:
        choice: `{"kind": "basis", "index": i}`, `{"kind": "ones"}`, `{"kind": "random", "seed": s}`
            or `{"kind": "values", "values": [...]}`.
        space: Where the vector lives.

    Raises:
        ValueError: The kind is unknown.
    """
    match choice.get("kind"):
        case "ones":
            return Direction(np.ones(space.size), choice)
        case "random":
            drawn = np.random.default_rng(choice["seed"]).standard_normal(space.size)
            return Direction(drawn, choice)
        case "basis":
            index = choice["index"]
            if 0 <= index < space.size:
                return Direction((np.arange(space.size) == index).astype(float), choice)
            return _instead(space, f"There is no basis vector {index}")
        case "values":
            row = np.asarray(choice["values"], np.float64)
            if row.shape == (space.size,):
                return Direction(row, choice)
            numbers = "1 number does" if row.size == 1 else f"{row.size:,} numbers do"
            return _instead(space, f"{numbers} not make a vector")
        case kind:
            raise ValueError(
                f"`kind` must be one of basis, ones, random, values, but got {kind!r}."
            )


def _instead(space: Space, why: str) -> Direction:
    if not space.size:
        return Direction(np.zeros(0), BASIS)
    many = "1 number" if space.size == 1 else f"{space.size:,} numbers"
    note = f"{why} among {many}: basis vector 0 stands in."
    return Direction((np.arange(space.size) == 0).astype(float), BASIS, note)
