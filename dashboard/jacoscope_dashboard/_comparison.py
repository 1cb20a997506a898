"""Comparisons and sweeps: what Run and *Sweep* start, and what has come back so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import param

from jacoscope import Measurement, Study

from ._jobs import Event, Hop, Outcome, Runner, Sent
from ._progress import Progress

KEPT = 8  # comparisons of a visit
STATES = ["empty", "busy", "ok", "failed", "cancelled"]


@dataclass(frozen=True)
class Request:
    """A comparison to run.

    Attributes:
        job: What is sent.
        spec: What the job was made from.
        size: Its place in a sweep.
        tag: What its rows are called in a sweep; empty for the names of their strategies.
    """

    job: Any
    spec: dict[str, Any]
    size: int = 0
    tag: str = ""

    def point(self, row: Measurement) -> tuple[int, Measurement]:
        """Return a row as a point of the sweep."""
        return self.size, row.but(strategy=self.tag) if self.tag else row


@dataclass(frozen=True)
class Ran:
    """A comparison that came to its end.

    Attributes:
        spec: What was compared.
        study: What came of it.
    """

    spec: dict[str, Any]
    study: Study


class Comparison(param.Parameterized):
    """The comparison of a visit: rows as they come, then the study; or the points of a sweep."""

    state = param.Selector(default="empty", objects=STATES)
    message = param.String(default="", doc="A sentence, when failed or cancelled.")
    progress = param.ClassSelector(default=Progress(), class_=Progress)
    rows = param.List(default=[], item_type=Measurement, doc="One per strategy so far.")
    spec = param.Dict(default=None, allow_None=True, doc="What `rows` were measured for.")
    study = param.ClassSelector(default=None, class_=Study, allow_None=True)
    history = param.List(default=[], item_type=Ran, doc="The newest first; no more than a few.")

    sweep_state = param.Selector(default="empty", objects=STATES)
    sweep_message = param.String(default="")
    sweep_spec = param.Dict(default=None, allow_None=True, doc="What `points` were measured for.")
    points = param.List(default=[], doc="Pairs of a size, or a place, and a row measured there.")
    small = param.List(default=[], doc="Sizes at which all of it was too small to tell.")
    sweep_progress = param.NumericTuple(default=(0, 0), doc="Sizes through, and of how many.")

    def __init__(self, runner: Runner, hop: Hop, visits: str = "size") -> None:
        """Take a runner, the way to the page's thread, and what a sweep goes through."""
        super().__init__()
        self._runner = runner
        self._hop, self._visits = hop, visits
        self._sent: Sent | None = None
        self._left: list[Request] = []

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return "busy" in (self.state, self.sweep_state)

    def sweep_sentence(self) -> str:
        """Say how far a sweep is."""
        done, total = self.sweep_progress
        return f"{self._visits.capitalize()} {done + 1} of {total}: {self.progress.sentence()}"

    def run(self, request: Request) -> None:
        """Start a comparison, unless something is under way."""
        if self.busy:
            return
        self.param.update(
            state="busy", message="", progress=Progress(), rows=[], spec=request.spec, study=None
        )
        self._sent = Sent(
            self._runner, request.job, self._hop, on_done=self._done, on_events=self._heard
        )

    def bring_back(self, ran: Ran) -> None:
        """Show an earlier comparison again, unless something is under way."""
        if not self.busy:
            self.param.update(
                state="ok", message="", spec=ran.spec, study=ran.study, rows=list(ran.study.rows)
            )

    def sweep(self, requests: Sequence[Request]) -> None:
        """Start one comparison after the other, unless something is under way."""
        if self.busy or not requests:
            return
        self.param.update(
            sweep_state="busy",
            sweep_message="",
            points=[],
            small=[],
            progress=Progress(),
            sweep_spec=requests[0].spec,
            sweep_progress=(0, len(requests)),
        )
        self._left = list(requests)
        self._next_size()

    def cancel(self) -> None:
        """Stop what is under way; what has come so far stays."""
        if not self.busy:
            return
        self._forget()
        if self.state == "busy":
            self.param.update(state="cancelled", message=_kept(self.rows, "row"))
        if self.sweep_state == "busy":
            rows = list({size: row for size, row in self.points if _timed(row)}.values())
            self.param.update(sweep_state="cancelled", sweep_message=_kept(rows, self._visits))

    def close(self) -> None:
        """Stop for good, silently."""
        self._forget()

    def _forget(self) -> None:
        if self._sent:
            self._sent.drop()
        self._sent, self._left = None, []

    def _heard(self, events: list[Event]) -> None:
        rows, progress = list(self.rows), self.progress
        for event in events:
            progress = progress.after(event)
            if event["type"] == "row":
                rows = _with_row(rows, Measurement.from_plain(event["row"]))
        self.param.update(rows=rows, progress=progress)

    def _done(self, outcome: Outcome) -> None:
        self._sent = None
        if outcome.status == "ok":
            study = Study.from_plain(outcome.value["study"])
            ran = [Ran(self.spec or {}, study), *self.history]
            self.param.update(state="ok", study=study, rows=list(study.rows), history=ran[:KEPT])
        else:
            state = "cancelled" if outcome.status == "cancelled" else "failed"
            self.param.update(state=state, message=outcome.message)

    def _next_size(self) -> None:
        request = self._left.pop(0)
        self._sent = Sent(
            self._runner,
            request.job,
            self._hop,
            on_done=lambda outcome: self._size_done(request, outcome),
            on_events=lambda events: self._size_heard(request, events),
        )

    def _size_heard(self, request: Request, events: list[Event]) -> None:
        points, progress = list(self.points), self.progress
        for event in events:
            progress = progress.after(event)
            if event["type"] == "row":
                points = _with_point(points, request.point(Measurement.from_plain(event["row"])))
        self.param.update(points=points, progress=progress)

    def _size_done(self, request: Request, outcome: Outcome) -> None:
        self._sent = None
        if outcome.status == "ok":
            points, study = list(self.points), Study.from_plain(outcome.value["study"])
            for row in study.rows:
                points = _with_point(points, request.point(row))
            done, total = self.sweep_progress
            self.param.update(
                points=points,
                small=[*self.small, request.size] if study.too_small else self.small,
                sweep_progress=(done + 1, total),
                progress=Progress(),
            )
            if self._left:
                self._next_size()
            else:
                self.sweep_state = "ok"
        else:
            self._left = []
            state = "cancelled" if outcome.status == "cancelled" else "failed"
            self.param.update(sweep_state=state, sweep_message=outcome.message)


def _with_row(rows: list[Measurement], row: Measurement) -> list[Measurement]:
    """The rows with `row` in the place of an older version of it, or at the end."""
    names = [old.strategy for old in rows]
    at = names.index(row.strategy) if row.strategy in names else len(rows)
    return [*rows[:at], row, *rows[at + 1 :]]


def _with_point(
    points: list[tuple[int, Measurement]], point: tuple[int, Measurement]
) -> list[tuple[int, Measurement]]:
    size, row = point
    others = [each for each in points if each[0] != size]
    here = _with_row([old for at, old in points if at == size], row)
    return [*others, *((size, each) for each in here)]


def _timed(row: Measurement) -> bool:
    return row.median_s is not None


def _kept(rows: Sequence[Measurement], what: str) -> str:
    """Say what stays; a row that was only compiled so far is no measurement."""
    count = sum(_timed(row) for row in rows)
    if not count:
        return "Cancelled before anything was timed."
    stay = f"{what} timed before that stays" if count == 1 else f"{what}s timed before that stay"
    return f"Cancelled. {count} {stay} here."
