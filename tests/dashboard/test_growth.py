"""Exponents and crossovers, of points that were made up."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope_dashboard._growth import by_rule, crossovers, faster_mode, growths, slope


def point(size: float, strategy: str, seconds: float | None, **more: Any) -> dict[str, Any]:
    mode = strategy.split("/", maxsplit=1)[0]
    shown = mode if mode in ("forward", "reverse") else None
    exact = {"low_s": seconds, "high_s": seconds}
    fields = {"value": size, "strategy": strategy, "mode": shown, "median_s": seconds}
    return {**fields, **exact, **more}


def cubic(size: float) -> float:
    return 1e-9 * size**3


def test_a_slope_is_that_of_the_largest_sizes() -> None:
    small = [(1.0, 1.0), (2.0, 1.0)]
    assert slope([*small, *((x, cubic(x)) for x in (64.0, 128.0, 256.0))]) == pytest.approx(3.0)
    assert slope([(4.0, 1.0)]) is None
    assert slope([]) is None


def test_each_strategy_grows_for_itself() -> None:
    points = [
        *(point(x, "forward/map", cubic(x), predicted_bytes=8 * x) for x in (4, 8, 16)),
        *(point(x, "reverse/map", 1e-3, predicted_bytes=None) for x in (4, 8)),
    ]
    forward, reverse = growths(points)
    assert (forward.strategy, forward.time, forward.memory) == ("forward/map", 3.0, 1.0)
    assert (reverse.time, reverse.memory) == (0.0, None)


def test_a_crossover_lies_where_the_best_of_both_modes_meet() -> None:
    points = [
        *(point(x, "forward/map", 1e-6 * x) for x in (1, 10, 100)),
        *(point(x, "forward/loop", 1e-3 * x) for x in (1, 10, 100)),
        *(point(x, "reverse/map", 2e-5) for x in (1, 10, 100)),
        *(point(x, "hvp/x", 1e-9) for x in (1, 10, 100)),
    ]
    (found,) = crossovers(points)
    assert found.size == pytest.approx(20)
    assert (found.before, found.after) == ("forward", "reverse")
    assert faster_mode(points) is None
    assert faster_mode(points[:2] + points[6:8]) == "forward"


def test_without_a_time_of_both_there_is_no_crossover() -> None:
    points = [point(1, "forward/map", 1e-6), point(2, "reverse/map", 1e-6)]
    assert crossovers(points) == []
    assert faster_mode(points) is None
    assert crossovers([*points, point(1, "reverse/map", None)]) == []


@pytest.mark.parametrize(
    "doubt", [{"high_s": 1.0}, {"high_s": None}, {"small": True}, {"right": False}]
)
def test_a_lucky_winner_is_none(doubt: dict[str, Any]) -> None:
    points = [
        *(point(x, "forward/map", 1e-6) for x in (1, 10)),
        *(point(x, "reverse/map", 2e-6) for x in (1, 10)),
        point(100, "forward/map", 2e-6),
        point(100, "reverse/map", 1e-6, **doubt),
    ]
    assert crossovers(points) == []
    assert faster_mode(points) == "forward"


@pytest.mark.parametrize(("outs", "where"), [((2, 8), 4.0), ((8, 16), None)])
def test_the_rule_turns_where_n_is_m(outs: tuple[int, int], where: float | None) -> None:
    points = [
        point(size, "forward/map", 1e-6, n_in=4, n_out=out)
        for size, out in zip((2, 8), outs, strict=True)
    ]
    found = by_rule(points)
    assert [each.size for each in found] == ([] if where is None else [pytest.approx(where)])
    if found:
        assert (found[0].before, found[0].after) == ("reverse", "forward")
