"""The sampling protocol, on calls whose behaviour is known."""

from __future__ import annotations

import gc
import time
from collections import Counter

import numpy as np
import pytest

from jacoscope import _disturbance
from jacoscope._disturbance import _counters, disturbed_by
from jacoscope._measurement import Measurement
from jacoscope._statistics import beaten, contenders, mark_ties, summarize, ties, with_samples
from jacoscope._timing import Protocol, Samples, glance, sample_all

QUICK = Protocol(rounds=5, sample_s=0.001)


def forever() -> float:
    return time.perf_counter() + 60


def test_every_call_gets_its_rounds_interleaved() -> None:
    order: list[str] = []
    calls = {name: lambda name=name: order.append(name) or time.sleep(0.002) for name in "abc"}
    samples = sample_all(calls, protocol=QUICK, deadline=forever())
    assert {name: len(each.seconds) for name, each in samples.items()} == dict.fromkeys("abc", 5)
    timed = order[-15:]  # one call a sample; warm-up and calibration come before
    for start in range(0, 15, 3):
        assert set(timed[start : start + 3]) == set("abc")


def test_short_calls_are_repeated() -> None:
    count = Counter()

    def call() -> None:
        count["calls"] += 1

    samples = sample_all({"short": call}, protocol=QUICK, deadline=forever())["short"]
    assert samples.calls > 100
    assert count["calls"] >= 5 * samples.calls
    assert all(seconds < 1e-4 for seconds in samples.seconds)


def test_a_call_whose_pace_is_known_is_not_calibrated() -> None:
    count = Counter()

    def call() -> None:
        count["calls"] += 1
        time.sleep(0.0005)

    taken = glance(call, for_s=0.0)
    assert len(taken.seconds) == count["calls"] == 3
    assert all(taken.disturbed)
    count.clear()
    found = sample_all({"a": call}, protocol=QUICK, deadline=forever(), paces={"a": 0.00051})["a"]
    assert found.calls == 2
    assert count["calls"] == 5 * 2


def test_a_slow_call_gets_fewer_samples_and_the_deadline_holds() -> None:
    deadline = time.perf_counter() + 0.5
    calls = {"slow": lambda: time.sleep(0.05), "fast": lambda: time.sleep(0.001)}
    samples = sample_all(calls, protocol=Protocol(rounds=20, sample_s=0.001), deadline=deadline)
    assert 1 <= len(samples["slow"].seconds) < len(samples["fast"].seconds) <= 20
    assert time.perf_counter() < deadline + 0.2


def test_what_would_outlast_the_deadline_is_not_begun_and_costs_the_others_nothing() -> None:
    count = Counter()
    naps = {"slow": 30.0, "slowish": 0.3, "quick": 0.002}

    def nap(name: str) -> None:
        count[name] += 1
        time.sleep(naps[name])

    calls = {name: lambda name=name: nap(name) for name in naps}
    begin = time.perf_counter()
    samples = sample_all(calls, protocol=QUICK, deadline=begin + 3.0, firsts=naps)
    assert time.perf_counter() < begin + 3.0
    assert list(samples) == ["slowish", "quick"], "in the order of the calls"
    assert len(samples["quick"].seconds) == 5
    assert len(samples["slowish"].seconds) == count["slowish"] - 1, "it has been warmed already"
    assert count["slow"] == 0


def test_a_sample_that_does_not_fit_any_more_is_left_out() -> None:
    calls = {"slow": lambda: time.sleep(0.4), "quick": lambda: time.sleep(0.002)}
    samples = sample_all(
        calls, protocol=QUICK, deadline=time.perf_counter() + 1.0, firsts={"slow": 0.4}
    )
    assert len(samples["slow"].seconds) < 3
    assert len(samples["quick"].seconds) == 5


def test_where_no_round_is_reached_the_sample_of_calibrating_is_left() -> None:
    calls = {name: lambda: time.sleep(0.05) for name in "abcdefghij"}
    samples = sample_all(calls, protocol=QUICK, deadline=time.perf_counter() + 0.55)
    assert len(samples) > 2
    assert all(len(each.seconds) == len(each.disturbed) == 1 for each in samples.values())


def test_one_or_two_samples_are_noisy_and_name_no_lucky_winner() -> None:
    def row(name: str, *seconds: float) -> Measurement:
        taken = Samples(1, list(seconds), [False] * len(seconds))
        return with_samples(Measurement(quantity="jacobian", strategy=name), taken)

    assert row("a", 1.0, 1.0).noisy
    assert not row("a", 1.0, 1.0, 1.0).noisy
    assert ties(row("a", 1.0), row("b", 1.6, 1.6, 1.6, 1.6))
    assert not ties(row("a", 1.0), row("b", 2.2, 2.3))
    assert not ties(row("a", 1.0, 1.0, 1.0), row("b", 1.6, 1.6, 1.6))


def test_no_collection_inside_a_sample() -> None:
    seen: list[bool] = []
    sample_all({"a": lambda: seen.append(gc.isenabled())}, protocol=QUICK, deadline=forever())
    assert not any(seen[1:])  # the first is the warm-up
    assert gc.isenabled()


def test_between_is_called_between_slices() -> None:
    count = Counter()
    protocol = Protocol(rounds=10, sample_s=0.001, slice_s=0.02)
    calls = {"a": lambda: time.sleep(0.01)}
    sample_all(calls, protocol=protocol, deadline=forever(), between=lambda: count.update("b"))
    assert 3 <= count["b"] <= 7


def test_summary() -> None:
    rng = np.random.default_rng(0)
    seconds = rng.normal(1.0, 0.1, 25)
    summary = summarize(list(seconds))
    assert summary.median_s == np.median(seconds)
    assert summary.q25_s == np.quantile(seconds, 0.25)
    assert seconds.min() < summary.low_s < summary.median_s < summary.high_s < seconds.max()
    assert summary.high_s - summary.low_s < 0.15  # theory: ± 1.96 × 1.25 × 0.1 / √25


def row(name: str, seconds: list[float]) -> Measurement:
    samples = Samples(1, seconds, [False] * len(seconds))
    return with_samples(Measurement(quantity="jacobian", strategy=name), samples)


def test_ties() -> None:
    rng = np.random.default_rng(1)
    a = row("a", list(rng.normal(1.0, 0.01, 25)))
    near = row("near", list(rng.normal(1.02, 0.001, 25)))
    far = row("far", list(rng.normal(1.5, 0.01, 25)))
    wild = row("wild", list(rng.uniform(1.0, 3.0, 25)))
    assert ties(a, near)
    assert not ties(a, far)
    assert ties(far, wild)
    assert [each.tie for each in mark_ties([a, near, far])] == [True, True, False]
    assert [each.tie for each in mark_ties([a, far])] == [False, False]
    slowed = row("slowed", [1.0, 1.01, *rng.normal(1.5, 0.01, 23)])  # by a neighbor, nearly always
    assert ties(a, slowed)
    assert ties(slowed, a)
    untimed = Measurement(quantity="jacobian", strategy="none")
    assert mark_ties([a, untimed])[1].tie is None


@pytest.mark.parametrize(
    ("seconds", "disturbed", "noisy"),
    [
        ([1.0, 1.01, 0.99, 1.0], [False] * 4, False),
        ([1.0, 2.0, 0.5, 1.5], [False] * 4, True),
        ([1.0, 1.01, 0.99, 1.0], [True] * 3 + [False], True),
    ],
)
def test_noise(seconds: list[float], disturbed: list[bool], noisy: bool) -> None:
    blank = Measurement(quantity="jacobian", strategy="a")
    assert with_samples(blank, Samples(1, seconds, disturbed)).noisy is noisy


@pytest.mark.parametrize(
    ("rises", "found"),
    [
        ({"preempted": 0, "stolen": 0, "pressed": 0}, []),
        ({"preempted": 1, "stolen": 0, "pressed": 900}, ["preempted"]),
        ({"preempted": 0, "stolen": 2, "pressed": 2_001}, ["stolen", "pressed"]),
        ({"pressed": 2_001}, ["pressed"]),
    ],
)
def test_what_disturbs_a_sample(rises: dict[str, int], found: list[str]) -> None:
    before = {"preempted": 7, "stolen": 8, "pressed": 10**9}
    after = {name: before[name] + rise for name, rise in rises.items()}
    assert disturbed_by(before, after, elapsed_s=0.010) == found  # 2,000 µs are a fifth of it


@pytest.mark.skipif("pressed" not in _counters(), reason="the system tells no pressure")
def test_the_systems_pressure_is_read() -> None:
    first = _counters()
    second = _counters()
    assert 0 < first["pressed"] <= second["pressed"]


def test_what_is_undecided_gets_more_samples() -> None:
    protocol = Protocol(rounds=4, most=9, sample_s=0.001)
    calls = {name: lambda: time.sleep(0.001) for name in "abc"}
    samples = sample_all(
        calls, protocol=protocol, deadline=forever(), undecided=lambda samples: {"a", "b"}
    )
    assert {name: len(each.seconds) for name, each in samples.items()} == {"a": 9, "b": 9, "c": 4}


def test_contenders() -> None:
    rng = np.random.default_rng(2)
    samples = {
        name: Samples(1, list(rng.normal(mean, 0.02, 25)))
        for name, mean in {"a": 1.0, "b": 1.01, "c": 1.6}.items()
    }
    assert contenders(samples) == {"a", "b"}
    del samples["b"]
    assert contenders(samples) == set()


def test_what_is_far_behind_is_beaten_the_sooner_the_farther() -> None:
    def taken(*seconds: float) -> Samples:
        return Samples(seconds=list(seconds))

    found = {"a": taken(1.0), "b": taken(1.9), "c": taken(2.1), "d": Samples()}
    assert beaten(found) == {"c"}
    found = {"a": taken(1.0, 3.0, 1.0), "b": taken(1.6, 1.7, 9.0), "c": taken(1.4, 1.4, 1.4)}
    assert beaten(found) == {"b"}
    found = {"a": taken(*[1.0] * 8), "b": taken(*[1.3] * 8), "c": taken(*[1.2] * 8)}
    assert beaten(found) == {"b"}
    assert beaten({}) == set()


def test_what_is_beaten_is_sampled_no_more() -> None:
    counts: Counter[str] = Counter()
    calls = {name: (lambda name=name: counts.update([name])) for name in "ab"}
    samples = sample_all(
        calls,
        protocol=Protocol(rounds=6, most=6, sample_s=0.0),
        deadline=time.perf_counter() + 5,
        beaten=lambda samples: {"b"} if len(samples["b"].seconds) >= 2 else set(),
    )
    assert (len(samples["a"].seconds), len(samples["b"].seconds)) == (6, 2)


@pytest.mark.parametrize(
    ("idle", "seconds", "quiet", "looks"),
    [
        ([100, 100, 100, 100], 5.0, True, 4),
        ([100, 10, 100, 100, 100, 79, 100, 100, 100, 100], 5.0, True, 10),  # all of them in a row
        ([10] * 99, 0.05, False, 4),
        ([None], 5.0, True, 1),
    ],
)
def test_it_waits_until_little_else_is_at_work(
    monkeypatch: pytest.MonkeyPatch,
    idle: list[int | None],
    seconds: float,
    quiet: bool,
    looks: int,
) -> None:
    """Of 100 ticks a look, so many are idle; None where the system does not tell any more."""
    told: list[tuple[int, int] | None] = [(0, 0)]
    for place, each in enumerate(idle, 1):
        told.append(None if each is None else (sum(filter(None, idle[:place])), 100 * place))
    left = iter(told)
    monkeypatch.setattr(_disturbance, "_LOOK_S", 0.01)
    monkeypatch.setattr(_disturbance, "_processor_time", lambda: next(left))
    assert _disturbance.wait_until_quiet(seconds) is quiet
    assert len(told) - len(list(left)) - 1 == looks


def test_the_system_tells_of_its_processors() -> None:
    first = _disturbance._processor_time()
    time.sleep(0.05)
    last = _disturbance._processor_time()
    assert first is not None
    assert last is not None
    assert 0 <= last[0] - first[0] <= last[1] - first[1]
