"""The tab *Lessons*: what is said of JAX's modes, tried on this machine."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import panel as pn

from jacoscope import Measurement

from .. import _ui as ui
from .._html import Html, alert
from .._lesson_board import LessonBoard
from .._lessons import LESSONS, Lesson, Verdict
from .._requests import lesson_requests
from .._study_words import several_hosts
from ._tab import Tab

if TYPE_CHECKING:
    from .._explorer import Explorer

_HEAD = (
    "<h3>Is it true here?</h3><p class='quiet'>Each claim has an experiment of a few seconds, whose"
    " numbers decide: true here, not true here, or no answer where they tie or are too small to"
    " tell.</p>"
)
_KINDS = {
    True: ("holds", "True here"),
    False: ("fails", "Not true here"),
    None: ("open", "No answer"),
}
_NOT_TRIED = ("untried", "Not tried yet")
_UNDER_WAY = ("busy", "Being measured")
_TOO_SMALL = Verdict(None, "All of it takes about as long as a call that does nothing.")


class LessonsView(Tab):
    """The lessons, and what they came to in this visit."""

    def __init__(self, explorer: Explorer) -> None:
        """Build the tab, when it is first opened."""
        super().__init__(explorer, "lessons")
        self._measured = explorer.session.lesson
        self._said: dict[str, tuple[tuple[str, str], str]] = {}
        self._waiting: list[Lesson] = []
        self._now: Lesson | None = None
        self._status = Html(margin=(0, 0, 10, 0))
        self.all = ui.Button(label="Try all", variant="outlined", margin=(0, 0, 14, 0))
        self.all.on_click(lambda _: self._start(list(LESSONS)))
        self.board = LessonBoard()
        self.board.param.watch(lambda event: self._asked(event.new), "asked")
        self.panel = pn.Column(
            Html(_HEAD, margin=(0, 0, 10, 0)),
            self.all,
            self._status,
            self.board,
            sizing_mode="stretch_width",
            margin=(14, 0),
        )
        self._measured.param.watch(lambda _: self._ended(), "sweep_state")
        for each in explorer.session.comparisons:
            each.param.watch(lambda *_: self.refresh(), ["state", "sweep_state", "progress"])
        self.refresh()

    def _refresh(self) -> None:
        self._ask("cards", self._show)

    def _show(self) -> None:
        busy = self._explorer.session.comparing is not None
        self.board.param.update(lessons=[self._card(each) for each in LESSONS], busy=busy)
        self.all.disabled = busy
        words = self._measured.progress.sentence() if self._now is not None else ""
        left = f"{len(self._waiting)} more after this one. " if self._waiting else ""
        self._status.write(alert(f"{left}{words}", "quiet") if words else "")

    def _card(self, lesson: Lesson) -> dict[str, str]:
        (kind, verdict), text = self._said.get(lesson.name, (_NOT_TRIED, ""))
        if lesson is self._now:
            (kind, verdict), text = _UNDER_WAY, ""
        return {
            "name": lesson.name,
            "claim": lesson.claim,
            "source": lesson.source,
            "why": lesson.why,
            "kind": kind,
            "verdict": verdict,
            "text": text,
        }

    def _asked(self, asked: dict[str, Any]) -> None:
        lesson = next((each for each in LESSONS if each.name == asked.get("name")), None)
        if lesson is None:
            return
        if asked.get("action") == "try":
            self._start([lesson])
        else:
            self._open(lesson)

    def _open(self, lesson: Lesson) -> None:
        """Put a lesson's settings into the experiment, and show their matrix."""
        spec = lesson_requests(lesson)[-1].spec
        fields = {name: value for name, value in spec.items() if name != "time_limit"}
        self._explorer.experiment.param.update(fields)
        self._explorer.tab = "jacobian"

    def _start(self, lessons: list[Lesson]) -> None:
        if self._explorer.session.comparing is None and lessons:
            self._now, *self._waiting = lessons
            self._explorer.session.try_lesson(self._now)
            self.refresh()

    def _ended(self) -> None:
        lesson, measured = self._now, self._measured
        if lesson is None or measured.sweep_state == "busy":
            return
        self._now = None
        if measured.sweep_state == "ok":
            verdict = _judged(lesson, measured.points, measured.small)
            where = several_hosts([row for _, row in measured.points])
            self._said[lesson.name] = (_KINDS[verdict.holds], f"{verdict.sentence} {where}".strip())
        else:
            self._said[lesson.name] = (("open", "Not measured"), measured.sweep_message)
        following = [] if measured.sweep_state == "cancelled" else self._waiting
        self._waiting = []
        self._explorer.hop(lambda: self._start(following))  # once all others know that it ended
        self.refresh()


def _judged(lesson: Lesson, points: list[tuple[int, Measurement]], small: list[int]) -> Verdict:
    """Judge a lesson by what was measured; times that are too small to tell give no answer."""
    if len(small) == len(lesson.sizes):
        return _TOO_SMALL
    by_size: defaultdict[int, list[Measurement]] = defaultdict(list)
    for size, row in points:
        by_size[size].append(row)
    return lesson.judge(by_size)
