"""What the figures read from a row of a study: fields of `jacoscope.Measurement`, unknown None."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from ._palette import Kind


class Row(Protocol):
    """A row of a study, as far as figures read it; times in seconds, sizes in bytes."""

    @property
    def strategy(self) -> str: ...
    @property
    def mode(self) -> str | None: ...
    @property
    def status(self) -> str: ...
    @property
    def trace_s(self) -> float | None: ...
    @property
    def lower_s(self) -> float | None: ...
    @property
    def compile_s(self) -> float | None: ...
    @property
    def median_s(self) -> float | None: ...
    @property
    def q25_s(self) -> float | None: ...
    @property
    def q75_s(self) -> float | None: ...
    @property
    def low_s(self) -> float | None: ...
    @property
    def high_s(self) -> float | None: ...
    @property
    def tie(self) -> bool | None: ...
    @property
    def noisy(self) -> bool | None: ...
    @property
    def samples(self) -> int | None: ...
    @property
    def argument_bytes(self) -> int | None: ...
    @property
    def output_bytes(self) -> int | None: ...
    @property
    def temp_bytes(self) -> int | None: ...
    @property
    def residual_bytes(self) -> int | None: ...
    @property
    def predicted_bytes(self) -> int | None: ...
    @property
    def peak_bytes(self) -> int | None: ...


Rows = Sequence[Row]

_FORWARD = ("forward", "linearize", "jax.jacfwd")
_REVERSE = ("reverse", "jax.jacrev")


def kind_of(strategy: str, mode: str | None) -> Kind:
    """Tell forward from reverse from what mixes them, for its color and marker.

    Example:
        >>> kind_of("forward/chunked/64", "forward"), kind_of("jax.jacrev", None)
        ('forward', 'reverse')
        >>> kind_of("hvp/forward_over_reverse", None)
        'mixed'
    """
    if mode == "forward":
        return "forward"
    if mode == "reverse":
        return "reverse"
    head = strategy.partition("/")[0]
    if head in _FORWARD:
        return "forward"
    return "reverse" if head in _REVERSE else "mixed"


def number(value: float | None) -> float | None:
    """Give a number that was found out, and None for None, NaN and infinities."""
    return float(value) if value is not None and math.isfinite(value) else None


def timed(rows: Rows) -> list[tuple[Row, float]]:
    """Give the measured rows with their medians in seconds, the fastest first."""
    pairs = [(row, number(row.median_s)) for row in rows if row.status == "ok"]
    return sorted(((row, s) for row, s in pairs if s is not None and s > 0), key=_second)


def interval(row: Row) -> tuple[float, float] | None:
    """Give the interval of a row's median in seconds, or its quartiles, or None."""
    for ends in ((row.low_s, row.high_s), (row.q25_s, row.q75_s)):
        low, high = (number(end) for end in ends)
        if low is not None and high is not None:
            return low, high
    return None


def _second(pair: tuple[Row, float]) -> float:
    return pair[1]
