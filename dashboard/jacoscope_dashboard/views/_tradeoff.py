"""On the tab *Compare*: time against memory, the roof, and the code of what is chosen there."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

import panel as pn

from jacoscope import Study

from .. import _ui as ui
from .._code_box import CodeBox
from ..figures import roofline, summary_roofline, summary_tradeoff, tradeoff
from ._plot import Plot, grid
from ._script import script

if TYPE_CHECKING:
    from .._explorer import Explorer

_READS = ("median_s", "predicted_bytes")


class Tradeoff:
    """The Pareto front; a click on a point, or the list below, leads to a strategy's code."""

    def __init__(self, explorer: Explorer) -> None:
        """Build a place; the rest comes with the first study."""
        self._explorer = explorer
        self._quantity = ""
        self._built = False
        self.panel = pn.Column(visible=False, sizing_mode="stretch_width", margin=(22, 0, 0, 0))

    def show(self, study: Study | None) -> None:
        """Show a study, and the code of its best or of what was chosen; nothing for None."""
        rows = [] if study is None else list(study.rows)
        names = [row.strategy for row in rows if row.median_s is not None]
        if names and not self._built:
            self._build()
        self.panel.visible = bool(names)
        if study is None or not names:
            return
        best, self._quantity = study.best(), rows[0].quantity
        if names != self.choice.options:
            first = best.strategy if best is not None else names[0]
            self.choice.param.update(options=names, value=first)
        self._say()
        self._plot.show(rows, self._explorer.dark)
        self._roof.show(under_roof(study), self._explorer.dark)

    def _build(self) -> None:
        self._built = True
        pick = WeakMethod(self._pick)  # HoloViews keeps a figure's options, and all that they hold

        def picked(strategy: str) -> None:
            there = pick()
            if there is not None:
                there(strategy)

        self.choice = ui.Select(label="Code of", options=[], width=320, margin=(6, 12, 6, 12))
        self.choice.param.watch(lambda _: self._say(), "value")
        self.code = CodeBox(margin=(0, 12))
        self._plot = Plot(
            "Time against memory",
            partial(tradeoff, picked=picked),
            summary_tradeoff,
            _READS,
            self._explorer.pace,
        )
        self._roof = Plot(
            "Distance from the roof", roofline, summary_roofline, ("share",), self._explorer.pace
        )
        parts = [grid(self._plot, self._roof), self.choice, self.code]
        self._explorer.pace.lay("compare: tradeoff", self.panel, parts)

    def _pick(self, strategy: str) -> None:
        if strategy in self.choice.options:
            self.choice.value = strategy

    def _say(self) -> None:
        if self.choice.value:
            self.code.code = script(self._explorer, self.choice.value, self._quantity)


def under_roof(study: Study) -> list[dict[str, Any]]:
    """Return a study's points as the roofline takes them; none where the roof isn't known."""
    roof = study.environment.get("ceilings") or {}
    known = {f"ceiling_{name}": roof.get(name) for name in ("flops_per_s", "bytes_per_s")}
    return [{**asdict(point), **known} for point in study.roofline()]
