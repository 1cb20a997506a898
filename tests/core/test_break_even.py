"""Totals over many calls, held against trying every number of calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._break_even import total_s, winners_by_calls


def row(name: str, startup: float, median: float | None, **known: Any) -> jsc.Measurement:
    """A row of `name`, its startup cut into four parts."""
    parts = {f"{part}_s": startup / 4 for part in ("prep", "trace", "lower", "compile")}
    return jsc.Measurement("jacobian", name, median_s=median, q25_s=median, **{**parts, **known})


def drawn(seed: int, count: int) -> list[jsc.Measurement]:
    """Rows with times that are exact in binary, many of them equal."""
    rng = np.random.default_rng(seed)
    startups, medians = rng.integers(1, 400, count) / 16, rng.integers(0, 30, count) / 64
    return [
        row(str(i), float(s), float(m))
        for i, (s, m) in enumerate(zip(startups, medians, strict=True))
    ]


def test_total() -> None:
    assert total_s(row("a", 1.0, 0.25), 0) == 1.0
    assert total_s(row("a", 1.0, 0.25), 8) == 3.0
    assert total_s(row("a", 1.0, None), 8) is None
    eager = jsc.Measurement("jacobian", "a", median_s=1.0)
    assert total_s(eager, 8) is None
    study = jsc.Study(rows=(row("a", 1.0, 0.25), row("b", 1.0, None)))
    assert study.total_s("a", 8) == 3.0
    assert study.total_s("b", 8) is None
    with pytest.raises(KeyError, match="There is no strategy 'c'"):
        study.total_s("c", 8)
    for calls in (-1, 1.5, True):
        with pytest.raises(ValueError, match="`calls` must be a whole number, 0 or more, but got"):
            total_s(eager, calls)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("seed", range(20))
def test_winners_against_trying_every_number_of_calls(seed: int) -> None:
    rows = drawn(seed, count=1 + seed)
    startups = np.array([total_s(r, 0) for r in rows])
    medians = np.array([r.median_s for r in rows])
    calls = np.arange(1, 3000)
    totals = startups[:, None] + calls * medians[:, None]
    least = totals.min(axis=0)
    found = winners_by_calls(rows)
    froms = np.array([start for start, _ in found])
    assert froms[0] == 1
    assert (np.diff(froms) > 0).all()
    winner = np.array([int(name) for _, name in found])[np.searchsorted(froms, calls, "right") - 1]
    assert (totals[winner, calls - 1] == least).all()
    fastest = np.where(totals == least, medians[:, None], np.inf).min(axis=0)
    assert (medians[winner] == fastest).all()  # of equal totals, the faster a call
    assert medians[winner[-1]] == medians.min()


@pytest.mark.parametrize("seed", range(8))
def test_cheapest_against_trying_every_row(seed: int) -> None:
    rows = [r.but(predicted_bytes=int(r.strategy) % 3) for r in drawn(seed, count=9)]
    study = jsc.Study(rows=tuple(rows))
    for calls in (0, 1, 7, 100, 10_000):
        totals = np.array([total_s(r, calls) for r in rows])
        near = [r for r, total in zip(rows, totals, strict=True) if total <= 1.05 * totals.min()]
        chosen = study.cheapest(calls)
        assert chosen in near
        assert chosen.predicted_bytes == min(r.predicted_bytes or 0 for r in near)


def test_rows_that_tie_count_as_equally_fast() -> None:
    study = jsc.Study(
        rows=(
            row("large", 1.0, 1.0, tie=True, predicted_bytes=900),
            row("small", 1.0, 1.2, tie=True, predicted_bytes=100),
            row("slow", 0.1, 3.0, tie=False, predicted_bytes=1),
        )
    )
    found = [study.cheapest(calls) for calls in (0, 1, 10**9)]
    assert [each and each.strategy for each in found] == ["slow", "small", "small"]
    assert study.best() == study.cheapest(10**9)
    assert study.winners_by_calls() == ((1, "large"),)


def test_what_is_no_candidate() -> None:
    wrong = row("wrong", 0.1, 0.1, error=0.5)
    right = row("right", 1.0, 1.0, error=1e-7)
    late = row("late", 0.1, None, status="timed_out")
    eager = jsc.Measurement("jacobian", "eager", jit=False, median_s=0.01, error=1e-7)
    study = jsc.Study(rows=(wrong, late, right, eager))
    assert study.cheapest(5) == right
    assert study.winners_by_calls() == ((1, "right"),)
    none = jsc.Study(rows=(late, eager))
    assert none.cheapest(5) is None
    assert none.winners_by_calls() == ()
    with pytest.raises(ValueError, match="`calls` must be a whole number"):
        study.cheapest(-2)
