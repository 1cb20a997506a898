"""The course of a job over the workers it takes: what goes on when one dies, and what comes next.

A comparison whose worker died over one strategy goes on with the others; one that is measured
goes on with the peaks of memory, each in a fresh process. No row is lost on the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .._limits import excess
from .._measurement import Measurement, Status
from .._study import Study, conclude, hopeless
from .._units import format_bytes
from ._job import Job, Outcome

Tell = Callable[[dict[str, Any]], None]
_SHARE, _COLOR_SHARE = 0.5, 0.9  # of the time limit, for one strategy; for all colorings
_TIMING_SHARE, _LEAST_SHARE = 0.15, 0.25
_LEAST_S, _LEAST_FOR_ONE_S = 1.0, 3.0
_LOST = ("crashed", "out_of_memory", "timed_out")
_DISAGREE = 1.5
_UNKNOWN = "Its worker was stopped while all were timed, and over which of them is not known."


class Course:
    """One job from its first worker to its outcome.

    Attributes:
        job: What to run now.
    """

    def __init__(self, job: Job, tell: Tell) -> None:
        self.job = job
        self._tell = tell
        self._asked = job
        self._plan: list[str] = []
        self._environment: dict[str, Any] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._strategy = ""  # at work; empty between strategies and while timing
        self._beside = False  # whether others are at work besides
        self._timing = False  # all of them
        self._over = ""  # what the worker has just seen to take too much
        self._since = self._began = time.monotonic()
        self._share = _SHARE
        self._study: dict[str, Any] | None = None
        self._heavy: list[str] = []
        self._peaks = 0

    def note(self, event: dict[str, Any]) -> None:
        """Take note of what the worker said of itself.

        Raises:
            ValueError: It is no row of a study; or another of `NONSENSE`, if it is no event.
        """
        match event.get("type"):
            case "started":
                self._began = time.monotonic()
                self._timing, self._over = False, ""
            case "plan":
                self._plan = list(event["strategies"])
                self._environment = dict(event.get("environment", {}))
            case "row":
                row = Measurement.from_plain(event["row"]).to_plain()
                self._rows[row["strategy"]] = row
                new = row["strategy"] not in self.job.options.get("failed", {})
                self._over = row["strategy"] if new and row["status"] == "out_of_memory" else ""
                self._strategy = ""
            case "stage":
                self._strategy, self._since = event["strategy"], time.monotonic()
                self._beside = bool(event.get("beside"))
                self._timing = event["stage"] == "time"
                self._share = _COLOR_SHARE if event["stage"] == "color" else _SHARE

    def stuck_s(self) -> float | None:
        """Return how long one strategy may take if the one at work has taken longer."""
        allowed = self._share * self._asked.time_limit
        if self._share == _SHARE and not self._asked.options.get("tune"):
            allowed = min(allowed, self._spare_s())
        stuck = self._strategy and time.monotonic() - self._since > allowed
        return allowed if stuck else None

    def _spare_s(self) -> float:
        """Return how long one may take for the others to be prepared once more, and timed.

        They have to be, by another worker, when this one is killed.
        """
        limit, spent = self.job.time_limit, self._since - self._began
        least = max(_LEAST_SHARE * limit, _LEAST_FOR_ONE_S)
        return max((1 - _TIMING_SHARE) * limit - 2 * spent, least)

    def after(self, outcome: Outcome, left_s: float) -> Outcome | None:
        """Decide how it goes on after a worker ended.

        Args:
            outcome: What became of the worker's part.
            left_s: Seconds left of the time limit.

        Returns:
            The outcome of the whole; None when `job` is to be run next.
        """
        if self._asked.kind != "compare" or outcome.status == "cancelled":
            return outcome
        if self.job.kind == "peak":
            self._keep_peak(outcome)
        elif outcome.status == "ok":
            study = Study.from_plain(outcome.value["study"])
            names = {row.strategy for row in study.rows}
            self._study = study.to_plain()
            self._heavy = [name for name in outcome.value["heavy"] if name in names]
            self._peaks = len(self._heavy)
        elif outcome.status in _LOST:
            again = self._again(outcome, left_s)
            if again is not None:
                self.job = again
                return None
            self._study = self._partial(outcome).to_plain()
        else:
            return outcome
        return self._next_peak(left_s)

    def _again(self, outcome: Outcome, left_s: float) -> Job | None:
        """The job without what its worker has died of; one by one where that isn't known.

        None where that would be no better, or too late.
        """
        strategy, self._strategy = self._strategy, ""
        crowded, self._beside = self._beside and outcome.status != "timed_out", False
        status, message = outcome.status, outcome.message
        if status == "out_of_memory" and self._over and not self._timing:
            strategy, crowded = self._over, False  # killed so late that the next one was at work
            status, message = "out_of_memory", self._rows[strategy]["message"]
        options = {**self.job.options, "time_limit": left_s}
        if crowded or self._strained(outcome):
            options["one_at_a_time"] = True
        elif strategy:
            options["failed"] = {**options.get("failed", {}), strategy: [status, message]}
        else:
            return None
        return replace(self.job, options=options) if left_s > _LEAST_S else None

    def _strained(self, outcome: Outcome) -> bool:
        """Whether one that had not been seen to take too much did so while all were timed."""
        options = self.job.options
        more = bool(options.get("memory_limit")) and not options.get("one_at_a_time")
        return self._timing and outcome.status == "out_of_memory" and more

    def _partial(self, outcome: Outcome) -> Study:
        """The study of what is known, the strategies without a time marked with the outcome."""
        quantity: Any = self.job.options.get("quantity", "jacobian")
        title = str(self.job.target.get("title", ""))
        status: Status = "crashed" if outcome.status == "failed" else outcome.status
        message = outcome.message
        if self._timing and status == "out_of_memory":
            message = f"{_UNKNOWN} {message}"
        if not self._plan:
            return hopeless(quantity, status, message, title)
        blank = {name: Measurement(quantity=quantity, strategy=name) for name in self._plan}
        known = {name: Measurement.from_plain(row) for name, row in self._rows.items()}
        rows = [
            row.but(status=status, message=message)
            if row.status == "ok" and row.median_s is None
            else row
            for row in {**blank, **known}.values()
        ]
        return Study(rows=conclude(rows, None), title=title, environment=self._environment)

    def _next_peak(self, left_s: float) -> Outcome | None:
        """Turn to the next strategy whose peak is to be measured, or end."""
        assert self._study is not None
        if not self._heavy or left_s < _LEAST_S:
            for name in self._heavy:
                self._tell_peak(name, None, "unknown: the time limit came first")
            return Outcome("ok", value={"study": self._study})
        name = self._heavy.pop(0)
        done = self._peaks - len(self._heavy) - 1
        stage = {"strategy": name, "stage": "memory", "done": done, "total": self._peaks}
        self._tell({"event": {"type": "stage", "left_s": None, **stage}})
        options = {**self._asked.options, "time_limit": left_s, "strategy": name}
        self.job = Job("peak", self._asked.target, options, self._asked.owner)
        return None

    def _keep_peak(self, outcome: Outcome) -> None:
        name = str(self.job.options["strategy"])
        if outcome.status == "ok":
            peak, source = outcome.value["peak_bytes"], outcome.value["source"]
            self._tell_peak(name, peak, source)
            limit = self._asked.options.get("memory_limit")
            if peak and limit and (said := excess(peak, limit)):
                self._change(name, lambda row: row.but(status="out_of_memory", message=said))
        elif outcome.status == "out_of_memory":
            self._change(name, lambda row: row.but(status=outcome.status, message=outcome.message))
        else:
            self._tell_peak(name, None, f"unknown: {outcome.message}")

    def _tell_peak(self, name: str, peak_bytes: int | None, source: str) -> None:
        self._change(name, lambda row: _with_warning(row.with_peak(peak_bytes, source)))

    def _change(self, name: str, change: Callable[[Measurement], Measurement]) -> None:
        """Change a row of the study, and tell."""
        assert self._study is not None
        row = Measurement.from_plain(next(r for r in self._study["rows"] if r["strategy"] == name))
        changed = Measurement.from_plain(change(row).to_plain()).to_plain()
        self._study["rows"] = [
            changed if each["strategy"] == name else each for each in self._study["rows"]
        ]
        self._tell({"event": {"type": "row", "row": changed}})


def _with_warning(row: Measurement) -> Measurement:
    """Say so on the row where prediction and measurement are far apart."""
    if row.peak_bytes is None or not row.predicted_bytes or row.status != "ok":
        return row
    ratio = row.peak_bytes / row.predicted_bytes
    if 1 / _DISAGREE <= ratio <= _DISAGREE:
        return row
    return row.but(
        message=f"{row.message} Measured {format_bytes(row.peak_bytes)} where"
        f" {format_bytes(row.predicted_bytes)} was predicted.".strip()
    )
