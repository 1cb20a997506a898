"""On the tab *Products*, of a function to a number: its Hessian times a vector, by its orders."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from .. import _ui as ui
from .._html import Html, alert
from .._place import held
from .._product_board import VectorBars, colors_of
from .._requests import same_to_measure
from .._study_words import TOO_SMALL
from .._table import SortableTable
from ..figures import memory, summary_memory, summary_times, times, vector_bars
from ._order_words import COLUMNS, heading, order_rows
from ._plot import Plot, grid

if TYPE_CHECKING:
    from .._explorer import Explorer

_TIMED = ("median_s", "low_s", "high_s", "q25_s", "q75_s", "samples", "tie", "noisy")
_SIZED = (
    *("predicted_bytes", "peak_bytes"),
    *("argument_bytes", "output_bytes", "temp_bytes", "residual_bytes"),
)


class Orders:
    """The product of the Hessian with the tangent, how well its orders agree, and their cost."""

    def __init__(self, explorer: Explorer) -> None:
        """Build nothing but a place; the rest comes with the first function to a number."""
        self.active = True
        self._explorer = explorer
        self._orders = explorer.session.orders
        self._measured = explorer.session.measured["hvp"]
        self._spec: dict[str, Any] | None = None
        self._built = False
        self.panel = pn.Column(visible=False, sizing_mode="stretch_width", margin=(26, 0, 0, 0))

    def offer(self, spec: dict[str, Any] | None) -> None:
        """Show the orders for a spec; None where the function is not to a number."""
        self._spec = spec
        self.panel.visible = spec is not None
        if spec is None:
            return
        if not self._built:
            self._build()
        self._explorer.session.show_orders(spec)
        self._refresh()

    def set_dark(self) -> None:
        """Draw for a dark page, or for a light one."""
        if self._built:
            self.bars.colors = colors_of(self._explorer.dark)
            self._refresh()

    def _build(self) -> None:
        self._built = True
        self._head = Html(margin=(0, 0, 8, 0))
        self.bars = VectorBars(visible=False)
        self.table = SortableTable(columns=COLUMNS, visible=False, margin=(10, 0, 12, 0))
        self.measure = ui.Button(
            label="Measure the orders", variant="outlined", margin=(0, 0, 14, 0)
        )
        self.measure.on_click(lambda _: self._explorer.session.measure_orders(self._spec or {}))
        self._progress = Html(margin=(0, 0, 14, 0))
        pace = self._explorer.pace
        self._times = Plot("Time of each order", times, summary_times, _TIMED, pace)
        self._memory = Plot("Memory of each order", memory, summary_memory, _SIZED, pace)
        self.panel.objects = [
            self._head,
            self.bars,
            self.table,
            self.measure,
            self._progress,
            grid(self._times, self._memory),
        ]
        self._orders.param.watch(lambda *_: self._refresh(), ["state", "picture"])
        self._measured.param.watch(
            lambda *_: self._refresh(), ["state", "rows", "study", "progress"]
        )
        for each in self._explorer.session.comparisons:
            each.param.watch(lambda *_: self._refresh(), ["state", "sweep_state"])

    def _refresh(self) -> None:
        pieces = {
            "head": self._show_head,
            "table": self._show_table,
            "time": lambda: self._times.show(self._rows(), self._explorer.dark),
            "memory": lambda: self._memory.show(self._rows(), self._explorer.dark),
        }
        for name, show in pieces.items():
            self._explorer.pace.ask(f"orders: {name}", lambda show=show: self._show(show))

    def _show(self, piece: Any) -> None:
        if self.active and self._spec is not None:
            with held():
                piece()

    def _rows(self) -> list[Any]:
        """What was measured for these very settings."""
        spec, measured = self._explorer.settings(), self._measured
        there = measured.spec
        same = there is not None and same_to_measure(
            {**there, "quantity": "", "vectors": None}, {**spec, "quantity": "", "vectors": None}
        )
        return list(measured.rows) if same else []

    def _show_head(self) -> None:
        orders, session = self._orders, self._explorer.session
        self._head.write(heading(orders.picture, orders.state, orders.message))
        self.measure.disabled = session.comparing is not None
        match self._measured.state:
            case "busy":
                words = escape(self._measured.progress.sentence())
                sentence = f'<p class="quiet">{words}</p>'
            case "failed":
                sentence = alert(self._measured.message)
            case "cancelled":
                sentence = alert(self._measured.message, "quiet")
            case _ if self._rows() and self._measured.study and self._measured.study.too_small:
                sentence = alert(TOO_SMALL, "notice", "Too small to tell.")
            case _:
                sentence = ""
        self._progress.write(sentence)

    def _show_table(self) -> None:
        value = self._orders.picture
        self.bars.visible = self.table.visible = value is not None
        if value is None:
            return
        vector = value["product"]
        self.bars.visible = vector is not None
        if vector is not None:
            self.bars.vector = vector_bars(vector, value["x_names"], "H v", value["n_in"])
        self.table.param.update(
            rows=order_rows(value, self._rows(), dark=self._explorer.dark),
            caption="Orders of a Hessian-vector product, the same vector each",
        )
