"""What the tabs have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel as pn

from .._experiment import Experiment
from .._html import Html, alert, progress_bar
from .._matrix import Matrix
from .._place import held

if TYPE_CHECKING:
    from .._explorer import Explorer

_UNNOTICED_S = 0.5
_AGAIN = "Any change of the settings starts anew."
_ABOVE = "The message above says why."


class Front:
    """What does no work while another tab is in front, and catches up when it is back."""

    def __init__(self, *, active: bool = True) -> None:
        """Begin in front, or behind another tab."""
        self._active, self._stale = active, not active

    @property
    def active(self) -> bool:
        """Whether the tab is in front; one that isn't does no work."""
        return self._active

    @active.setter
    def active(self, active: bool) -> None:
        self._active = active
        if active and self._stale:
            self._catch_up()

    def _catch_up(self) -> None:
        raise NotImplementedError


class Tab(Front):
    """A tab that is built when it is first opened.

    Attributes:
        panel: What is on it.
    """

    panel: pn.Column

    def __init__(self, explorer: Explorer, name: str) -> None:
        """Begin in front.

        Args:
            explorer: Whose tab it is.
            name: Of its pieces of work, as the explorer's pace knows them.
        """
        super().__init__()
        self._explorer = explorer
        self._name = name

    def set_dark(self) -> None:
        """Draw for a dark page, or for a light one; what has no figure needs nothing."""

    def refresh(self) -> None:
        """Show what there is now, piece by piece, soon."""
        self._stale = not self._active
        if self._active:
            self._refresh()

    def _catch_up(self) -> None:
        self.refresh()

    def _refresh(self) -> None:
        raise NotImplementedError

    def _follow_settings(self) -> None:
        names = list(Experiment.WATCHED)
        self._explorer.experiment.param.watch(lambda *_: self.refresh(), names)

    def _ask(self, piece: str, work: Callable[[], object]) -> None:
        """Have a piece done in a turn of its own, if the tab is in front then."""

        def show() -> None:
            if self._active:
                with held():
                    work()
            else:
                self._stale = True

        self._explorer.pace.ask(f"{self._name}: {piece}", show)


class Waiting:
    """In place of a picture that is on its way, or why there is none.

    Attributes:
        status: Above the picture.
        place: Where it will be.
        content: The column that holds all of the picture, seen while there is one.
    """

    def __init__(self, job: Matrix, *, coming: str, failed: str, none: str, busy: str) -> None:
        """Take the job and the words.

        Args:
            job: What brings the picture.
            coming: The heading while there is none yet.
            failed: The title of the message when it can't be made.
            none: The heading where there is none then.
            busy: The sentence below the progress bar.
        """
        self._job, self._failed, self._none, self._busy = job, failed, none, busy
        self._coming = _box(coming)
        self.status = Html(margin=(0, 0, 10, 0))
        self.place = Html(self._coming)
        self.content = pn.Column(visible=False, sizing_mode="stretch_width")

    def show(self, done: str = "") -> None:
        """Show the job's state; `done` is the HTML above a picture that is there."""
        job, there = self._job, self._job.picture is not None
        self.place.write("" if there else self._coming)
        self.content.visible = there
        match job.state:
            case "busy":  # most take less than that: a bar would only flicker
                job.later(_UNNOTICED_S, self._show_busy)
            case "failed":
                self.status.write(alert(job.message, title=self._failed))
                self.place.write(_box(self._none, _ABOVE))
            case "cancelled":
                self.status.write(alert(job.message, "quiet"))
                self.place.write(_box("Cancelled", _AGAIN))
            case _:
                self.status.write(done)

    def _show_busy(self) -> None:
        if self._job.state == "busy":
            self.status.write(progress_bar(0, 0, self._busy))


def _box(heading: str, sentence: str = "") -> str:
    said = f"<p>{sentence}</p>" if sentence else ""
    return f'<div class="empty"><h3>{heading}</h3>{said}</div>'
