"""What a sandbox costs: the seconds until a job begins, with one that is ready and without.

`python benchmarks/sandbox.py`, on Linux with bubblewrap.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import closing

from jacoscope.run import Job, LocalRunner, sandbox_faults, sandbox_runner, source_target

ROUNDS = 7
READY_S = 8.0  # by then the next one is ready, on any machine
JOB = Job("matrix", source_target("def f(x): return x**2", shape=(3,)))


def first_event_s(runner: LocalRunner) -> tuple[float, float]:
    """Seconds until a job begins, and until it has ended."""
    begin = time.perf_counter()
    heard: list[float] = []

    def hear(event: dict[str, object]) -> None:
        if event["type"] == "started":
            heard.append(time.perf_counter() - begin)

    outcome = runner.submit(JOB, hear).result(100)
    assert outcome.status == "ok", outcome.message
    return heard[0], time.perf_counter() - begin


def table(title: str, make: Callable[[], LocalRunner], wait_s: float) -> None:
    with closing(make()) as runner:
        first_event_s(runner)  # the launcher has started
        taken: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            time.sleep(wait_s)
            taken.append(first_event_s(runner))
    begins, ends = ([each[part] for each in taken] for part in (0, 1))
    told = f"{title:34} begins after {statistics.median(begins):6.3f} s"
    print(
        f"{told} ({min(begins):.3f} – {max(begins):.3f}), ends after {statistics.median(ends):.3f}"
    )


def main() -> None:
    begin = time.perf_counter()
    assert sandbox_faults() == []
    print(f"{'all ways out tried in':34} {time.perf_counter() - begin:.1f} s")
    table("a sandbox that is ready", sandbox_runner, READY_S)
    table("none ready, one job after another", sandbox_runner, 0.0)
    table("no sandbox", LocalRunner, 0.0)


if __name__ == "__main__":
    main()
