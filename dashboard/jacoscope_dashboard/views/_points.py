"""Rows that were measured at several sizes, as the figures of sweeps take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jacoscope import Measurement

_FIELDS = (
    *("mode", "median_s", "low_s", "high_s", "tie"),
    *("predicted_bytes", "n_in", "n_out"),
)


def point_of(
    row: Measurement, knob: str, value: int, *, name: str = "", **more: Any
) -> dict[str, Any]:
    """Return a row as a point.

    Args:
        row: The row.
        knob: What grows, in words.
        value: Its value.
        name: What the point is called; empty for the strategy's name.
        more: Further fields.
    """
    known = {field: getattr(row, field) for field in _FIELDS}
    return {"knob": knob, "value": value, "strategy": name or row.strategy, **known, **more}


def by_size(points: Iterable[tuple[int, Measurement]]) -> dict[int, list[Measurement]]:
    """Return the rows of a sweep by the size that they were measured at."""
    rows: dict[int, list[Measurement]] = {}
    for size, row in points:
        rows.setdefault(size, []).append(row)
    return rows
