"""A figure on a tab: its heading, its sentence, and the stream that feeds it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import holoviews as hv
import panel as pn
from holoviews.streams import Pipe

from .._html import Html


class Plot:
    """A figure with its heading and its sentence, fed by `show`."""

    def __init__(
        self,
        title: str,
        draw: Callable[..., Any],
        summary: Callable[[Any], str],
        shows: Callable[[Any], bool],
    ) -> None:
        """Take the pure functions that draw the data, say it in words, and find any in it."""
        self.title = title
        self._summary, self._shows = summary, shows
        self._pipe = Pipe(data=None)
        self._head = Html()
        self._shown: object = None

        def drawn(data: Any) -> Any:
            rows, dark = data or ((), False)
            return draw(rows, dark=dark)

        self._drawn = drawn
        self.panel = pn.Column(
            self._head, styles={"flex": "1 1 380px", "min-width": "0"}, visible=False
        )

    def show(self, rows: Any, dark: bool) -> None:
        """Show rows or points; without any, nothing."""
        self.panel.visible = self._shows(rows)
        if not self.panel.visible or self._shown == (rows, dark):
            return
        first = self._shown is None
        self._shown = (rows, dark)
        sentence = escape(self._summary(rows))
        self._head.write(f"<h3>{escape(self.title)}</h3><p class='quiet'>{sentence}</p>")
        self._pipe.send((rows, dark))
        if first:
            figure = hv.DynamicMap(self._drawn, streams=[self._pipe])
            pane = pn.pane.HoloViews(figure, sizing_mode="stretch_width", margin=(6, 0, 0, 0))
            self.panel.append(pane)


def grid(*plots: Plot) -> pn.FlexBox:
    """Lay plots side by side where there is room."""
    panels = [plot.panel for plot in plots]
    return pn.FlexBox(*panels, flex_wrap="wrap", gap="24px", sizing_mode="stretch_width")
