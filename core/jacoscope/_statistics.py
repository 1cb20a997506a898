"""From samples to figures: median, quartiles, the interval of the median, ties and noise.

Two strategies are told apart by their lower quartiles, which a disturbed machine moves least: one
is faster where the 95 % bootstrap interval of the ratio, resampled by rounds, lies beyond 5 %, and
their fastest samples, least disturbed of all, are that far apart the same way. The rest is a tie:
one process lays out memory otherwise than the next, and that alone makes 5 %. Of one or two samples
nobody knows how they spread: they are noisy, and only twice the time is slower.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ._measurement import Measurement
from ._timing import Samples

TIE_RATIO = 1.05
_NOISY_SPREAD = 0.25  # interquartile range over median
_RESAMPLES = 1_000
_TELLING = 3  # samples, from which on their spread tells something
_QUARTILE = 0.25
_MARGINS = ((8, 1.25), (3, 1.5), (1, 2.0))  # samples taken, and how far behind is beaten


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
        noisy=len(samples.seconds) < _TELLING
        or spread > _NOISY_SPREAD
        or sum(samples.disturbed) > len(samples.disturbed) / 2,
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
    fastest = min(timed, key=lambda row: row.q25_s or 0.0)
    rivals = {row.strategy for row in timed if row is not fastest and ties(row, fastest)}
    if rivals:
        rivals.add(fastest.strategy)
    return [
        row.but(tie=row.strategy in rivals) if row.median_s is not None else row for row in rows
    ]


def ties(a: Measurement, b: Measurement) -> bool:
    """Say whether two rows with samples can't be told apart."""
    return bool(a.samples_s and b.samples_s) and not _apart(a.samples_s, b.samples_s)


def contenders(samples: Mapping[str, Samples]) -> set[str]:
    """Name the calls that can't be told from the fastest; empty where it stands alone."""
    seconds = {name: taken.seconds for name, taken in samples.items() if taken.seconds}
    if not seconds:
        return set()
    fastest = min(seconds, key=lambda name: np.quantile(seconds[name], _QUARTILE))
    rivals = {
        name
        for name, taken in seconds.items()
        if name != fastest and not _apart(taken, seconds[fastest])
    }
    return rivals | {fastest} if rivals else set()


def beaten(samples: Mapping[str, Samples]) -> set[str]:
    """Name the calls that are so far behind the fastest that more samples would change nothing.

    After one sample that is twice the time, after eight a quarter more, by the fastest sample of
    each, which a disturbed machine moves least.
    """
    fastest = {name: min(taken.seconds) for name, taken in samples.items() if taken.seconds}
    first = min(fastest.values(), default=0.0)
    return {
        name
        for name, seconds in fastest.items()
        if seconds > first * _margin(len(samples[name].seconds))
    }


def _margin(count: int) -> float:
    return next(factor for least, factor in _MARGINS if count >= least)


def _apart(a: Sequence[float], b: Sequence[float]) -> bool:
    logs = np.log(np.asarray(a, float)), np.log(np.asarray(b, float))
    generator = np.random.default_rng(0)
    picks = [generator.integers(0, len(each), (_RESAMPLES, len(each))) for each in logs]
    if len(a) == len(b):
        picks[1] = picks[0]  # sample i of both comes from the same round
    low_a, low_b = (
        np.quantile(each[pick], _QUARTILE, axis=1) for each, pick in zip(logs, picks, strict=True)
    )
    low, high = np.quantile(low_b - low_a, [0.025, 0.975])
    fastest = np.min(logs[1]) - np.min(logs[0])
    margin = np.log(TIE_RATIO if min(len(a), len(b)) >= _TELLING else _margin(1))
    return bool(min(low, fastest) > margin or max(high, fastest) < -margin)
