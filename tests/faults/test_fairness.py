"""One who queues a hundred jobs, and another who comes then."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

from jacoscope.run import Job, LocalRunner, problem_target
from jacoscope_dashboard._experiment import Experiment
from jacoscope_dashboard._place import at_once
from jacoscope_dashboard._session import Session
from tests.dashboard.helpers import FakeRunner


def test_a_hundred_jobs_hold_another_up_for_one() -> None:
    began: list[str] = []
    at_work = threading.Event()

    def job(owner: str) -> tuple[Job, Any]:
        def heard(event: dict[str, Any]) -> None:
            if event["type"] == "started":
                began.append(owner)
                at_work.set()

        return Job("compare", problem_target("tanh_sum"), {"time_limit": 2.0}, owner), heard

    with closing(LocalRunner()) as runner:
        for _ in range(100):
            runner.submit(*job("greedy"))
        assert at_work.wait(60)
        before = len(began)
        assert runner.submit(*job("late")).result(60).status == "ok"
        assert began.index("late") <= before + 1


def test_each_visit_is_an_owner() -> None:
    runner = FakeRunner()
    visits = [Session(runner, at_once()) for _ in range(2)]
    spec = Experiment().spec()
    for visit in visits:
        visit.run(spec)
        visit.sweep(spec)
        visit.measure_many(spec, "jmp")
    owners = [handle.job.owner for handle in runner.of("compare")]
    assert len(owners) == 4
    assert len(set(owners)) == 2
    assert "" not in owners
