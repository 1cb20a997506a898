"""From samples to figures: median, quartiles, the interval of the median, ties and noise.

Two strategies tie where the intervals of their medians overlap, or where the medians are within
5 %: one process lays out memory otherwise than the next, and that alone moves a median so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._measurement import Measurement
from ._timing import Samples

TIE_RATIO = 1.05
_NOISY_SPREAD = 0.25  # interquartile range over median
_RESAMPLES = 2_000


class Summary(NamedTuple):
    """Seconds a call: quartiles, and the 95 % bootstrap interval of the median."""

    median_s: float
    q25_s: float
    q75_s: float
    low_s: float
    high_s: float


def summarize(seconds: Sequence[float]) -> Summary:
    """Summarize at least one sample, in seconds.

    >>> summarize([1.0, 2.0, 3.0]).median_s
    2.0
    """
    values = np.asarray(seconds, float)
    picks = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.quantile(np.median(values[picks], axis=1), [0.025, 0.975])
    q25, median, q75 = np.quantile(values, [0.25, 0.5, 0.75])
    return Summary(float(median), float(q25), float(q75), float(low), float(high))


def with_samples(row: Measurement, samples: Samples) -> Measurement:
    """Return the row with its times filled in; unchanged where there is no sample."""
    if not samples.seconds:
        return row
    summary = summarize(samples.seconds)
    spread = (summary.q75_s - summary.q25_s) / summary.median_s
    return row.but(
        **summary._asdict(),
        samples=len(samples.seconds),
        noisy=spread > _NOISY_SPREAD or sum(samples.disturbed) > len(samples.disturbed) / 2,
        samples_s=tuple(samples.seconds),
        disturbed=tuple(samples.disturbed),
    )


def mark_ties(rows: Sequence[Measurement]) -> list[Measurement]:
    """Say of each timed row whether it ties with another for the fastest.

    The fastest row ties if any other does.
    """
    timed = [row for row in rows if row.median_s is not None]
    if not timed:
        return list(rows)
    fastest = min(timed, key=lambda row: row.median_s or 0.0)
    rivals = {row.strategy for row in timed if row is not fastest and ties(row, fastest)}
    if rivals:
        rivals.add(fastest.strategy)
    return [
        row.but(tie=row.strategy in rivals) if row.median_s is not None else row for row in rows
    ]


def ties(a: Measurement, b: Measurement) -> bool:
    """Say whether two timed rows can't be told apart."""
    if a.median_s is None or b.median_s is None:
        return False
    slow, fast = max(a.median_s, b.median_s), min(a.median_s, b.median_s)
    overlap = (a.low_s or 0.0) <= (b.high_s or 0.0) and (b.low_s or 0.0) <= (a.high_s or 0.0)
    return overlap or slow <= TIE_RATIO * fast
