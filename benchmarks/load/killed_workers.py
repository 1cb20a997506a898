"""Workers that are killed at any moment: what becomes of their jobs, and of the others.

    python benchmarks/load/killed_workers.py [--times 99] [--seed 0]

Starts comparisons, each with a bystander in another lane, and kills their workers: by SIGSEGV,
SIGABRT and SIGKILL in turn, so many seconds after they began, or while they send. Prints how many
rows say so, how many were lost, and how soon the next worker was at work. Exits 1 where one was
lost, or 95 of 100 next jobs do not start within two seconds.
"""

from __future__ import annotations

import argparse
import random
import signal
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from jacoscope import Study
from jacoscope.run import Job, LocalRunner, Outcome, problem_target

SIGNALS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL)
NEXT_S = 2.0
_LATEST_S, _ROWS = 3.0, 44
_PATIENCE_S = 120.0


@dataclass
class Killed:
    """A comparison whose worker is killed once.

    Attributes:
        how: The signal.
        after_s: Seconds after the worker began.
        rows: Kill it when so many rows have come, instead.
        outcome: Of the comparison.
        bystander: Of a job in another lane.
        next_s: From the kill until the next worker was at work, on this comparison or the next
            one; None where it had ended before it was to be killed.
    """

    how: signal.Signals
    after_s: float
    rows: int | None
    outcome: Outcome = field(init=False)
    bystander: Outcome = field(init=False)
    next_s: float | None = None
    _pids: list[int] = field(default_factory=list)
    _came: int = 0
    _killed_at: float | None = None

    @classmethod
    def at_random(cls, moments: random.Random, number: int) -> Killed:
        """Choose a moment: in one of three, as it sends."""
        rows = moments.choice([None, None, moments.randint(1, _ROWS)])
        return cls(SIGNALS[number % len(SIGNALS)], moments.uniform(0.0, _LATEST_S), rows)

    def run(self, runner: LocalRunner) -> Killed:
        """Start the comparison, kill its worker, and wait for all of it."""
        problem = problem_target("square_mlp", {"width": 48})
        options = {"chunk_sizes": [8], "time_limit": 100.0}
        running = runner.submit(Job("compare", problem, options), self._heard)
        bystander = runner.submit(Job("matrix", problem_target("logistic_regression")))
        self.outcome = running.result(_PATIENCE_S)
        if self._killed_at is not None and self.next_s is None:  # it was over the last of its work
            following = Job("compare", problem_target("tanh_sum"), {"time_limit": 3.0})
            runner.submit(following, self._next_heard).result(_PATIENCE_S)
        self.bystander = bystander.result(_PATIENCE_S)
        return self

    @property
    def crashed(self) -> list[str]:
        """What the rows say that were lost with the worker."""
        rows = Study.from_plain(self.outcome.value["study"]).rows
        return [row.message for row in rows if row.status == "crashed"]

    @property
    def lost(self) -> bool:
        """Whether anything is missing: the study, a row of another state, or the bystander."""
        if (self.outcome.status, self.bystander.status) != ("ok", "ok"):
            return True
        rows = Study.from_plain(self.outcome.value["study"]).rows
        said = f"The worker process died ({self.how.name})."
        return any(
            row.status != "ok" and (row.status, row.message) != ("crashed", said) for row in rows
        )

    def _heard(self, event: dict[str, Any]) -> None:
        self._next_heard(event)
        if event["type"] == "worker":
            self._pids.append(event["pid"])
            if self.rows is None and len(self._pids) == 1:
                threading.Timer(self.after_s, self._kill).start()
        elif event["type"] == "row":
            self._came += 1
            if self._came == self.rows:
                self._kill()

    def _next_heard(self, event: dict[str, Any]) -> None:
        if self._killed_at is not None and self.next_s is None and event["type"] == "started":
            self.next_s = time.monotonic() - self._killed_at

    def _kill(self) -> None:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(self._pids[-1]).send_signal(self.how)
            self._killed_at = time.monotonic()


def report(all_of: Sequence[Killed]) -> bool:
    """Print what became of them; say whether it is as wanted."""
    fine = True
    next_starts = f"{'next starts, p50':>17} {'p95':>6} {'longest':>8}"
    print(f"{'signal':9} {'killed':>6} {'said so':>8} {'lost':>5} {next_starts}")
    for how in (*SIGNALS, None):
        these = [each for each in all_of if how in (None, each.how)]
        next_s = [each.next_s for each in these if each.next_s is not None]
        said, lost = sum(bool(each.crashed) for each in these), sum(each.lost for each in these)
        late_s = _p95(next_s)
        fine &= lost == 0 and late_s < NEXT_S
        print(
            f"{'all' if how is None else how.name:9} {len(next_s):6} {said:8} {lost:5}"
            f" {statistics.median(next_s):15.2f} s {late_s:4.2f} s {max(next_s):6.2f} s"
        )
    return fine


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[min(int(0.95 * len(values)), len(values) - 1)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=99)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moments = random.Random(given.seed)
    with closing(LocalRunner()) as runner:
        runner.submit(Job("devices")).result(60)
        all_of = [Killed.at_random(moments, i).run(runner) for i in range(given.times)]
    return 0 if report(all_of) else 1


if __name__ == "__main__":
    sys.exit(main())
