"""A row of tabs with what is behind each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import panel as pn
import param
from panel.viewable import Children

from . import _ui as ui
from ._theme import CSS, SHELF_CSS, SHELF_JS


class Panels(pn.custom.JSComponent):
    """What is behind the tabs, one of them in front.

    Which one, a browser that has built it decides alone. What a server said of the click before
    would come after the last one, and stay.

    Its name becomes that of a Bokeh model, which may not begin with an underscore.
    """

    begin = param.Integer(default=0, doc="The place of the one in front when it is built.")
    active = param.Integer(default=-1, doc="The place of the one in front, as a browser says.")
    filled = param.List(default=[], doc="Whether there is something in each.")
    objects = Children(doc="The contents.")
    titles = param.List(default=[], doc="Of the tabs, for screen readers.")

    _esm = SHELF_JS
    _stylesheets: ClassVar[list[str]] = [CSS, SHELF_CSS]


class Shelf:
    """Tabs whose content stays in the page while another tab is in front.

    Those of panel-material-ui take it out, and the browser builds each figure anew when its tab
    comes back: half a second for six of them. Here the browser hides it, and asks nobody.

    Attributes:
        tabs: The row of tabs; `active` is the place of the one in front.
        panel: The row, and what is behind each tab.
    """

    def __init__(self, titles: Sequence[str], active: int, chosen: Callable[[int], None]) -> None:
        """Build a row of tabs with nothing behind them.

        Args:
            titles: Of the tabs.
            active: The place of the tab in front.
            chosen: Is called with the place of a tab that has come to the front.
        """
        nothing = {"width": 0, "height": 0, "margin": 0}
        shared = {"sizing_mode": "stretch_width", "margin": 0}
        rows = ((title, pn.Spacer(**nothing)) for title in titles)
        self.tabs = ui.Tabs(*rows, active=active, **shared)
        self._boxes = [pn.Column(sizing_mode="stretch_width") for _ in titles]
        self._panels = Panels(
            objects=self._boxes,
            titles=list(titles),
            filled=[False] * len(titles),
            begin=active,
            **shared,
        )
        self.panel = pn.Column(self.tabs, self._panels, sizing_mode="stretch_width")
        self.tabs.jslink(self._panels, active="active")
        self.tabs.param.watch(self._follow, "active")
        self._chosen = chosen

    def fill(self, place: int, *parts: Any) -> None:
        """Put something behind a tab, unless something is there."""
        if not self._boxes[place].objects:
            self._boxes[place].extend(parts)
            self._panels.filled = [bool(box.objects) for box in self._boxes]

    def _follow(self, event: Any) -> None:
        self._panels.begin = event.new
        self._chosen(event.new)
