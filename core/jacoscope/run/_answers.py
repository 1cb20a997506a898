"""What comes out of a sandbox over one job, let through in measure and in form only.

The code in it can send whatever it likes. What is let through is plain data of the kinds that a
worker sends, no deeper, longer or more than an honest one has to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._measurement import Measurement
from .._study import Study
from ._job import Kind
from ._wire import unpack

LONGEST = 2**26
_MOST_BYTES, _MOST_VALUES, _MOST_EVENTS = 2**28, 500_000, 5_000  # over a job
_LONGEST_SENTENCE = 2_000
_TURNS = ("alone", "between", "done")


class Answers:
    """Reads what a sandbox says over one job.

    Args:
        kind: Of the job.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind: Kind = kind
        self._bytes, self._values, self._events = _MOST_BYTES, _MOST_VALUES, _MOST_EVENTS

    def read(self, frame: bytes) -> tuple[str, Any]:
        """Read one message: an `event`, the `outcome`, or a `turn` that is asked for.

        Raises:
            ValueError: It is none of these, or too much.
        """
        self._bytes -= len(frame)
        message = unpack(frame, self._values)
        self._values -= _count(message)
        self._events -= isinstance(message, dict) and "event" in message
        if self._bytes < 0 or self._events < 0:
            raise ValueError("it says more than any job has to say")
        match message:
            case {"event": {"type": str()} as event, **rest} if not rest:
                return "event", _checked_event(event)
            case {"outcome": dict(outcome), **rest} if not rest:
                return "outcome", _checked_outcome(self._kind, outcome)
            case {"turn": word, **rest} if not rest and word in _TURNS:
                return "turn", word
        raise ValueError("it says what no worker says")


def _count(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + sum(_count(each) for each in value.values())
    if isinstance(value, list):
        return 1 + sum(_count(each) for each in value)
    return 1


def _checked_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event of which note can be taken.

    Raises:
        ValueError: It is none.
    """
    match event:
        case {"type": "plan", "strategies": list(names)} if _texts(names):
            known = isinstance(event.get("environment", {}), dict)
        case {"type": "stage", "strategy": str(), "stage": str(), "beside": list(names)}:
            counts = isinstance(event.get("done"), int) and isinstance(event.get("total"), int)
            timed = isinstance(event.get("left_s"), int | float | None)
            known = _texts(names) and counts and timed
        case {"type": "row", "row": row}:
            return {"type": "row", "row": Measurement.from_plain(row).to_plain()}
        case _:
            known = event["type"] in ("started", "runs")
    if not known:
        raise ValueError("it has an event that is none")
    return event


def _checked_outcome(kind: Kind, outcome: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome with a sentence of a length to be shown.

    Raises:
        ValueError: It is none.
    """
    match outcome:
        case {"status": "ok", "value": dict(value)}:
            return {"status": "ok", "value": _checked_value(kind, value)}
        case {"status": "failed" | "out_of_memory" as status, "message": str(said)}:
            return {"status": status, "message": said[:_LONGEST_SENTENCE]}
    raise ValueError("it has an outcome that is none")


def _checked_value(kind: Kind, value: dict[str, Any]) -> dict[str, Any]:
    """Return a value that can be worked with before anybody sees it.

    Raises:
        ValueError: It can't.
    """
    if kind == "compare":
        study, heavy = Study.from_plain(value.get("study", {})), value.get("heavy")
        if not isinstance(heavy, list) or not _texts(heavy):
            raise ValueError("it has strategies that are none")
        if len(set(heavy)) < len(heavy) or set(heavy) - {row.strategy for row in study.rows}:
            raise ValueError("it has a strategy twice, or one that it has not measured")
        return {"study": study.to_plain(), "heavy": heavy}
    if kind == "peak":
        peak, source = value.get("peak_bytes"), value.get("source")
        if not isinstance(peak, int | None) or not isinstance(source, str):
            raise ValueError("it has a peak that is none")
    return value


def _texts(items: list[Any]) -> bool:
    return all(isinstance(each, str) for each in items)
