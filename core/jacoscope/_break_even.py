"""What a number of calls costs in all, and from how many on a way that starts slowly is cheaper.

The total is a straight line over the calls k: s + k m, with startup s (preparing, tracing,
lowering, compiling) and median m. Which way is cheapest for which k is the lower envelope of the
lines. A startup is one measurement with no interval, so totals within 5 % are not told apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from ._measurement import Measurement
from ._statistics import TIE_RATIO


def startup_s(row: Measurement) -> float | None:
    """Return the seconds before the first run: preparing, tracing, lowering and compiling.

    A part that is unknown counts nothing, since an eager row has none; None where all are.
    """
    known = [each for each in (row.prep_s, row.trace_s, row.lower_s, row.compile_s) if each]
    return sum(known) if known else None


def break_even_calls(row: Measurement, rival: Measurement) -> int | None:
    """Count the calls after which a row has taken no more time than its rival.

    With startup s and median m, the smallest k ≥ 1 with s + k m ≤ s' + k m'.

    Args:
        row: Such as a colored strategy.
        rival: Such as the best dense one.

    Returns:
        How many calls; None where it never catches up, or a time is unknown.

    >>> ours = Measurement("jacobian", "forward/colored", prep_s=0.5, compile_s=0.5, median_s=0.01)
    >>> dense = Measurement("jacobian", "jax.jacfwd", compile_s=0.2, median_s=0.05)
    >>> break_even_calls(ours, dense), break_even_calls(dense, ours)
    (20, 1)
    """
    start, its_start = startup_s(row), startup_s(rival)
    if start is None or its_start is None or row.median_s is None or rival.median_s is None:
        return None
    ahead, gain = start - its_start, rival.median_s - row.median_s
    if ahead <= gain:
        return 1
    if gain <= 0:
        return None
    return math.ceil(ahead / gain * (1 - 1e-12))


def total_s(row: Measurement, calls: int) -> float | None:
    """Return the seconds that a number of calls take in all, startup included.

    Args:
        row: A row of a study.
        calls: How many; 0 is the startup alone.

    Returns:
        Seconds; None where startup or median is unknown, as the startup of an eager row is.

    Raises:
        ValueError: `calls` is no whole number, or below 0.

    >>> total_s(Measurement("jacobian", "forward/vmap", compile_s=0.5, median_s=0.25), 10)
    3.0
    """
    if isinstance(calls, bool) or not isinstance(calls, int) or calls < 0:
        raise ValueError(f"`calls` must be a whole number, 0 or more, but got {calls!r}.")
    start = startup_s(row)
    return None if start is None or row.median_s is None else start + calls * row.median_s


def cheapest_row(rows: Sequence[Measurement], calls: int) -> Measurement | None:
    """Return the row with the least total; of totals not told apart, the one with least memory.

    Rows that the study says tie for the fastest count as equally fast here.

    Args:
        rows: Rows of one study.
        calls: How many calls.

    Raises:
        ValueError: `calls` is no whole number, or below 0.
    """
    tied_s = min((row.median_s for row in rows if row.tie and row.median_s is not None), default=0)
    totals: list[tuple[float, Measurement]] = []
    for row in rows:
        total = total_s(row.but(median_s=tied_s) if row.tie else row, calls)
        if total is not None:
            totals.append((total, row))
    if not totals:
        return None
    least = min(total for total, _ in totals)
    near = [(total, row) for total, row in totals if total <= TIE_RATIO * least]

    def by_memory(each: tuple[float, Measurement]) -> tuple[float, float, float]:
        total, row = each
        memory = math.inf if row.predicted_bytes is None else row.predicted_bytes
        return memory, total, row.median_s or 0.0

    return min(near, key=by_memory)[1]


def winners_by_calls(rows: Sequence[Measurement]) -> tuple[tuple[int, str], ...]:
    """List which strategy has the least total for which number of calls.

    Args:
        rows: Rows of one study; those with an unknown total are left out.

    Returns:
        `(from_calls, strategy)` in ascending order, the first from 1: each has the least total
        from its number of calls until the next one's. Where two are equal, the faster a call.

    >>> slow = Measurement("jacobian", "jax.jacfwd", compile_s=0.25, median_s=0.5)
    >>> fast = Measurement("jacobian", "forward/colored", prep_s=2.0, compile_s=0.25, median_s=0.25)
    >>> winners_by_calls([slow, fast])
    ((1, 'jax.jacfwd'), (8, 'forward/colored'))
    """
    lines = [  # exact, so that where lines cross does not depend on rounding
        (Fraction(start), Fraction(row.median_s), row.strategy)
        for row in rows
        if row.median_s is not None and (start := startup_s(row)) is not None
    ]
    if not lines:
        return ()
    calls = 1
    start, slope, name = min(lines, key=lambda line: (line[0] + line[1], line[1]))
    winners = [(calls, name)]
    while later := [
        (max(1, math.ceil((s - start) / (slope - m))), s, m, n) for s, m, n in lines if m < slope
    ]:
        calls = min(crossing for crossing, *_ in later)
        _, start, slope, name = min(
            (each for each in later if each[0] == calls),
            key=lambda each: (each[1] + calls * each[2], each[2]),
        )
        winners.append((calls, name))
    return tuple(winners)
