"""When a strategy has had its share of a comparison's time."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope.run import Job, _course
from jacoscope.run._course import Course


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_course, "time", clock)
    return clock


def stuck_after(clock: Clock, prepared_s: float, **options: Any) -> float:
    """Seconds that a strategy may take when others took so long before it, after a wait of 100."""
    course = Course(Job("compare", {}, {"time_limit": 60.0, **options}), lambda _: None)
    clock.now += 100.0
    course.note({"type": "started"})
    clock.now += prepared_s
    course.note({"type": "stage", "strategy": "reverse/loop", "stage": "compile"})
    begun = clock.now
    assert course.stuck_s() is None
    while course.stuck_s() is None:
        clock.now += 0.25
    return clock.now - begun


@pytest.mark.parametrize(
    ("prepared_s", "allowed_s"),
    [(5.0, 30.0), (16.0, 19.0), (25.0, 15.0)],
    ids=["half of the limit", "what leaves time for the others", "never less than a share"],
)
def test_the_others_can_be_prepared_again(
    clock: Clock, prepared_s: float, allowed_s: float
) -> None:
    assert stuck_after(clock, prepared_s) == pytest.approx(allowed_s, abs=0.3)


def test_under_a_short_limit_a_compile_has_a_few_seconds(clock: Clock) -> None:
    assert stuck_after(clock, 3.0, time_limit=8.0) == pytest.approx(3.0, abs=0.3)


def test_tuning_keeps_its_own_time(clock: Clock) -> None:
    assert stuck_after(clock, 25.0, tune=True) == pytest.approx(30.0, abs=0.3)
