"""From how many calls on a way that takes long to prepare is the cheaper one, all in all."""

from __future__ import annotations

import math

from ._measurement import Measurement


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
