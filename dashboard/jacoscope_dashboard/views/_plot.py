"""A figure on a tab: its heading, its sentence, and the stream that feeds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import panel as pn

from .. import _ui as ui
from .._html import Html
from .._pace import Pace
from ._figure import Figure


class Plot:
    """A figure with its heading and its sentence, fed by `show`; built when there is something.

    Attributes:
        panel: What is on the tab; None before the first `show` with something known.
        came: Called when `panel` has been built.
    """

    def __init__(
        self,
        title: str,
        draw: Callable[..., Any],
        summary: Callable[[Any], str],
        reads: Sequence[str],
        pace: Pace,
    ) -> None:
        """Take what draws rows and says them in words, the fields that both read, and the pace.

        Without any of these fields known there is nothing to show, and while none of them
        changes there is nothing to draw anew.
        """
        self.title = title
        self._summary, self._reads = summary, reads
        self._shown: object = None
        self._figure = Figure(title, lambda data: draw(data[0], dark=data[1]), self._place, pace)
        self.panel: pn.Column | None = None
        self.came: Callable[[], None] = lambda: None

    def show(self, rows: Any, dark: bool) -> bool:
        """Show rows or points; without any, nothing. Say whether anything was drawn anew."""
        read = [[field(row, name) for name in self._reads] for row in rows]
        known = any(value is not None for values in read for value in values)
        if self.panel is not None:
            self.panel.visible = known
        names = [[field(row, name) for name in ("strategy", "status", "value")] for row in rows]
        shown = (names, read, dark)
        if not known or self._shown == shown:
            return False
        self._shown = shown
        sentence = escape(self._summary(rows))
        self._say(f"<h3>{escape(self.title)}</h3><p class='quiet'>{sentence}</p>")
        self._figure.send((rows, dark))
        return True

    def _say(self, html: str) -> None:
        if self.panel is None:
            self._head = Html(html)
            self.panel = pn.Column(self._head, styles={"flex": "1 1 380px", "min-width": "0"})
            self.came()
        else:
            self._head.write(html)

    def _place(self, figure: Any) -> None:
        assert self.panel is not None  # it has its heading already
        pane = pn.pane.HoloViews(figure, sizing_mode="stretch_width", margin=(6, 0, 0, 0))
        self.panel.append(pane)


def field(row: Any, name: str) -> Any:
    """Return a field of a row of a study, or of a point of a sweep; None where there is none."""
    return row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)


def grid(*plots: Plot) -> pn.Row:
    """Lay plots side by side where there is room, each when it has something to show."""
    row = ui.side_by_side(gap="24px")

    def fill() -> None:
        row.objects = [plot.panel for plot in plots if plot.panel is not None]

    for plot in plots:
        plot.came = fill
    return row
