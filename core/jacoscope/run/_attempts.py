"""What became of a job on each of the workers that have begun it, and what its rows say of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._study import Study
from ._job import Job, Outcome

Attempt = dict[str, str]
LOST = "the worker was lost"
GONE = "the scheduler had gone"


def begun(worker: str, host: str) -> Attempt:
    """Return an attempt that is under way."""
    return {"worker": worker, "host": host, "ended": ""}


def closed(attempts: Sequence[Attempt], how: str) -> None:
    """Note how the last attempt ended, if it is under way."""
    if attempts and not attempts[-1]["ended"]:
        attempts[-1]["ended"] = how


def recorded(job: Job, outcome: Outcome, attempts: Sequence[Attempt]) -> Outcome:
    """Return an outcome with its attempts; a study has them in its environment and on its rows.

    Raises:
        ValueError: What is to be a study is none.
        KeyError: Likewise.
    """
    closed(attempts, outcome.status)
    value = outcome.value
    if job.kind == "compare" and outcome.status == "ok":
        study = Study.from_plain(value["study"])
        value = {**value, "study": _with_attempts(study, attempts).to_plain()}
    return replace(outcome, value=value, attempts=tuple(attempts))


def _with_attempts(study: Study, attempts: Sequence[Attempt]) -> Study:
    environment: dict[str, Any] = {**study.environment, "attempts": list(attempts)}
    said = _sentence(attempts)
    rows = [row.but(message=f"{row.message} {said}".strip()) for row in study.rows] if said else []
    return replace(study, environment=environment, rows=tuple(rows) or study.rows)


def _sentence(attempts: Sequence[Mapping[str, str]]) -> str:
    """Say what came before the last attempt; nothing where there was none."""
    before = [f"{each['ended']} ({each['worker']})" for each in attempts[:-1]]
    if not before:
        return ""
    return f"Measured at attempt {len(attempts)}: before, {', then '.join(before)}."
