"""On the tab *Products*: many vectors at once, by a loop, a map, a vmap or chunks."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from .. import _ui as ui
from .._html import Html, alert
from .._place import held
from .._requests import same_to_measure
from .._table import SortableTable
from ..figures import sweep_times
from ._many_words import NAMES, columns, many_points, many_rows, offer, summary
from ._plot import Plot, grid
from ._words import several

if TYPE_CHECKING:
    from .._explorer import Explorer

_READS = ("median_s", "low_s", "high_s", "small")
_HALF = {"flex": "1 1 380px", "min-width": "0"}
_ANY = {"quantity": "", "vectors": None}  # what the tab itself decides


class ManyVectors:
    """JMP and MJP side by side, each measured over the number of vectors when asked for."""

    def __init__(self, explorer: Explorer) -> None:
        """Build headings and buttons; figures and tables come with the first numbers."""
        self.active = True
        self._explorer = explorer
        self.parts = {name: _Part(explorer, name) for name in NAMES}
        parts = list(self.parts.values())
        self.panel = pn.Column(
            Html(offer(), margin=(0, 0, 10, 0)),
            pn.Row(*(part.measure for part in parts), margin=0),
            *(part.status for part in parts),
            grid(*(part.plot for part in parts)),
            ui.side_by_side(*(part.table_box for part in parts), gap="24px"),
            sizing_mode="stretch_width",
            margin=(30, 0, 0, 0),
        )
        for each in explorer.session.comparisons:
            each.param.watch(
                lambda *_: self.refresh(),
                ["state", "sweep_state", "points", "small", "progress", "sweep_progress"],
            )
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now, piece by piece, soon."""
        for name, part in self.parts.items():
            for piece, show in part.pieces.items():
                self._explorer.pace.ask(f"many: {name} {piece}", partial(self._show, show))

    def _show(self, piece: Any) -> None:
        if self.active:
            with held():
                piece()


class _Part:
    """JMP, or MJP."""

    def __init__(self, explorer: Explorer, quantity: str) -> None:
        self._explorer, self._quantity = explorer, quantity
        self._comparison = explorer.session.measured[quantity]
        self._short, title = NAMES[quantity]
        self.measure = ui.Button(
            label=f"Measure {self._short}", variant="outlined", margin=(0, 12, 14, 0)
        )
        self.measure.on_click(
            lambda _: explorer.session.measure_many(explorer.settings(), quantity)
        )
        self.status = Html(margin=(0, 0, 8, 0))
        self.plot = Plot(title, sweep_times, summary, _READS, explorer.pace)
        self.table_box = pn.Column(visible=False, styles=_HALF)
        self.table: SortableTable | None = None
        self.pieces = {
            "status": self._show_status,
            "plot": self._show_plot,
            "table": self._show_table,
        }

    def _points(self) -> list[dict[str, Any]]:
        """What was measured for these very settings."""
        comparison, spec = self._comparison, self._explorer.settings()
        there = comparison.sweep_spec
        if there is None or not same_to_measure({**there, **_ANY}, {**spec, **_ANY}):
            return []
        return many_points(comparison.points, comparison.small)

    def _show_status(self) -> None:
        comparison = self._comparison
        self.measure.disabled = self._explorer.session.comparing is not None
        match comparison.sweep_state:
            case "busy":
                done, total = comparison.sweep_progress
                words = escape(comparison.progress.sentence())
                count = f"{self._short}, number of vectors {done + 1} of {total}"
                sentence = f'<p class="quiet">{count}: {words}</p>'
            case "failed":
                sentence = alert(comparison.sweep_message)
            case "cancelled":
                sentence = alert(comparison.sweep_message, "quiet")
            case _:
                sentence = several(comparison)
        self.status.write(sentence)

    def _show_plot(self) -> None:
        self.plot.show(self._points(), self._explorer.dark)

    def _show_table(self) -> None:
        points = self._points()
        if self.table is None and points:
            self.table = SortableTable(margin=(6, 0, 0, 0))
            self.table_box.objects = [self.table]
        self.table_box.visible = bool(points)
        if self.table is not None:
            self.table.param.update(
                columns=columns(points),
                rows=many_rows(points, dark=self._explorer.dark),
                caption=f"{self._short}: time of one call, by the number of vectors",
            )
