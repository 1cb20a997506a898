"""What is left of a comparison whose worker died: the others go on, and no row is lost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from .._measurement import Measurement, Status
from .._study import Study, conclude, hopeless
from ._job import Job, Outcome

_SHARE = 0.5  # of the time limit, for one strategy
_LEAST_S = 1.0


@dataclass
class Progress:
    """What a running comparison has said of itself.

    Attributes:
        plan: Names of its strategies.
        rows: Strategy → its row so far, plain.
        strategy: The one at work; empty between strategies and while timing.
        since: When that one began, on the monotonic clock.
    """

    plan: list[str] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    strategy: str = ""
    since: float = field(default_factory=time.monotonic)

    def note(self, event: dict[str, Any]) -> None:
        """Take note of an event."""
        match event.get("type"):
            case "plan":
                self.plan = list(event["strategies"])
            case "row":
                self.rows[event["row"]["strategy"]] = event["row"]
                self.strategy = ""
            case "stage":
                self.strategy, self.since = event["strategy"], time.monotonic()

    def stuck_s(self, job: Job) -> float | None:
        """Return how long one strategy may take if the one at work took longer; else None."""
        allowed = _SHARE * job.time_limit
        if not self.strategy or time.monotonic() - self.since < allowed:
            return None
        return allowed


def rescue(job: Job, progress: Progress, outcome: Outcome, left_s: float) -> Job | Outcome:
    """Decide how a job goes on that ended with this outcome.

    Args:
        job: The job.
        progress: What it said of itself.
        outcome: How its worker ended.
        left_s: Seconds left of its time limit.

    Returns:
        For a comparison that lost its worker over one strategy, the job for the other
        strategies; when no time is left, what is known of all; else the outcome as it is.
    """
    lost = ("crashed", "out_of_memory", "timed_out")
    if job.kind != "compare" or outcome.status not in lost:
        return outcome
    strategy = progress.strategy
    progress.strategy = ""
    if strategy and left_s > _LEAST_S:
        failed = dict(job.options.get("failed", {}))
        failed[strategy] = [outcome.status, outcome.message]
        return replace(job, options={**job.options, "failed": failed, "time_limit": left_s})
    return Outcome("ok", value={"study": _partial(job, progress, outcome).to_plain()})


def _partial(job: Job, progress: Progress, outcome: Outcome) -> Study:
    """The study of what is known, the strategies without a time marked with the outcome."""
    quantity: Any = job.options.get("quantity", "jacobian")
    title, status = str(job.target.get("title", "")), _row_status(outcome)
    if not progress.plan:
        return hopeless(quantity, status, outcome.message, title)
    blank = {name: Measurement(quantity=quantity, strategy=name) for name in progress.plan}
    known = {name: Measurement.from_plain(row) for name, row in progress.rows.items()}
    rows = [
        row.but(status=status, message=outcome.message)
        if row.status == "ok" and row.median_s is None
        else row
        for row in {**blank, **known}.values()
    ]
    return Study(rows=conclude(rows, None), title=title)


def _row_status(outcome: Outcome) -> Status:
    return "crashed" if outcome.status == "failed" else outcome.status
