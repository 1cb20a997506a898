"""On the tab *Compare*: what a number of calls takes in all, compiling included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn

from jacoscope import Study

from .. import _ui as ui
from .._html import Html
from ..figures import format_count, sweep_totals
from ._call_words import CALLS, cheapest, order_of_winners, total_points
from ._plot import Plot, grid

if TYPE_CHECKING:
    from .._explorer import Explorer

_FIRST = 1_000


class Calls:
    """The cheapest way for a number of calls that is chosen by a slider, and all totals."""

    def __init__(self, explorer: Explorer) -> None:
        """Build a place; the rest comes with the first study."""
        self._explorer = explorer
        self._study: Study | None = None
        self._built = False
        self.panel = pn.Column(visible=False, sizing_mode="stretch_width", margin=(22, 0, 0, 0))

    def show(self, study: Study | None) -> None:
        """Show the totals of a study; without one, nothing."""
        self._study = study
        points = [] if study is None else total_points(study)
        if points and not self._built:
            self._build()
        self.panel.visible = bool(points)
        if points:
            self._say()
            self._plot.show(points, self._explorer.dark)

    def _build(self) -> None:
        self._built = True
        self._head = Html()
        self.slider = ui.DiscreteSlider(
            label="Calls",
            options={format_count(calls): calls for calls in CALLS},
            value=_FIRST,
            width=320,
            margin=(6, 12, 10, 12),
        )
        self.slider.param.watch(lambda _: self._say(), "value")
        pace = self._explorer.pace
        self._plot = Plot("Total time by calls", sweep_totals, order_of_winners, ("total_s",), pace)
        parts = [self._head, self.slider, grid(self._plot)]
        pace.lay("compare: calls", self.panel, parts)

    def _say(self) -> None:
        if self._study is not None:
            self._head.write(cheapest(self._study, self.slider.value))
