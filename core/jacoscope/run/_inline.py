"""Jobs in this very process: no protection, no cancel, limits by prediction only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._failure import explain
from ._job import Job, OnEvent, Outcome
from ._work import perform


@dataclass(frozen=True)
class Finished:
    """The handle of a job that has ended before it was returned."""

    outcome: Outcome

    def cancel(self) -> None:
        """Do nothing: it has ended."""

    def done(self) -> bool:
        """Return True."""
        return True

    def result(self, timeout: float | None = None) -> Outcome:
        """Return the outcome at once."""
        del timeout
        return self.outcome

    async def wait(self) -> Outcome:
        """Return the outcome at once."""
        return self.outcome


class InlineRunner:
    """Runs each job where and when it is submitted."""

    def submit(self, job: Job, on_event: OnEvent | None = None) -> Finished:
        """Run a job and return when it has ended."""
        return Finished(run_job(job, on_event or (lambda event: None)))

    def close(self) -> None:
        """Do nothing: there is nothing to free."""


def run_job(job: Job, emit: OnEvent) -> Outcome:
    """Do a job; whatever it runs into becomes the outcome."""
    try:
        value: Mapping[str, Any] = perform(job, emit)
    except Exception as error:  # noqa: BLE001 (the boundary: users' functions raise anything)
        return failed(error)
    return Outcome("ok", value=value)


def failed(error: BaseException) -> Outcome:
    """Turn what a job raised into its outcome."""
    failure = explain(error)
    status = "out_of_memory" if failure.status == "out_of_memory" else "failed"
    return Outcome(status, failure.message)
