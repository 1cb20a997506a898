"""The tab *Compare*: what each way costs here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import panel as pn

from .. import _ui as ui
from .._experiment import describe
from .._html import Html, alert
from .._requests import same_to_measure
from .._table import SortableTable
from ..figures import (
    compile_times,
    memory,
    summary_memory,
    summary_sweep,
    summary_times,
    sweep_memory,
    sweep_times,
    times,
)
from ._against import Against
from ._calls import Calls
from ._plot import Plot, grid
from ._study_table import columns, table_rows
from ._tab import Tab
from ._tradeoff import Tradeoff
from ._words import (
    EMPTY,
    SWEEP_MEMORY,
    compiling,
    points_of,
    several,
    so_far,
    sweep_offer,
    telling_offer,
    verdict,
)

if TYPE_CHECKING:
    from .._explorer import Explorer

TIMED = ("median_s", "low_s", "high_s", "q25_s", "q75_s", "samples", "tie", "noisy")
SIZED = (
    *("predicted_bytes", "peak_bytes"),
    *("argument_bytes", "output_bytes", "temp_bytes", "residual_bytes"),
)
COMPILED = ("trace_s", "lower_s", "compile_s")
_A_TURN = 2  # parts of the tab
_SELDOM_S = 2.0  # between two drawings of what is not complete


class CompareView(Tab):
    """The comparison of a visit: its table and plots, and the sweep over sizes."""

    def __init__(self, explorer: Explorer) -> None:
        """Build the tab, when it is first opened."""
        super().__init__(explorer, "compare")
        self._comparison = explorer.session.comparison
        self._head = Html(margin=(0, 0, 10, 0))
        self._empty = Html(EMPTY, margin=(4, 0))
        self.telling = ui.Button(
            label="Compare", variant="contained", visible=False, margin=(0, 0, 14, 0)
        )
        self.telling.on_click(lambda _: explorer.run_telling())
        pace = explorer.pace
        self._times = Plot("Time", times, summary_times, TIMED, pace)
        self._memory = Plot("Memory", memory, summary_memory, SIZED, pace)
        self._compile = Plot("Compiling", compile_times, compiling, COMPILED, pace)
        self.table = SortableTable(
            columns=columns(elsewhere=explorer.session.elsewhere),
            visible=False,
            margin=(18, 0, 26, 0),
        )
        self.tradeoff = Tradeoff(explorer)
        self.calls = Calls(explorer)
        self.against = Against(explorer)
        self._sweep_head = Html(margin=(22, 0, 8, 0))
        # With its words from the start: what changes while a browser builds it can be lost there.
        self.sweep = ui.Button(label=self._sweep_words(), variant="outlined", margin=(0, 0, 12, 0))
        self.sweep.on_click(lambda _: explorer.sweep())
        self._sweep_times = Plot("Time by size", sweep_times, summary_sweep, TIMED, pace)
        self._sweep_memory = Plot(
            "Memory by size", sweep_memory, lambda _: SWEEP_MEMORY, ("predicted_bytes",), pace
        )
        self.panel = pn.Column(self._head, self._empty, sizing_mode="stretch_width", margin=(14, 0))
        rest = [
            self.telling,
            grid(self._times, self._memory, self._compile),
            self.table,
            self.tradeoff.panel,
            self.calls.panel,
            self.against.panel,
            self._sweep_head,
            self.sweep,
            grid(self._sweep_times, self._sweep_memory),
        ]
        pace.lay("compare: parts", self.panel, rest, _A_TURN)
        self._drawn: dict[str, float] = {}
        self._pieces: dict[str, Callable[[], None]] = {
            "head": self._show_head,
            "table": self._show_table,
            **{
                plot.title: partial(self._show_study, plot)
                for plot in (self._times, self._memory, self._compile)
            },
            "tradeoff": self._show_tradeoff,
            "calls": lambda: self.calls.show(self._comparison.study),
            "against": lambda: self.against.show(self._comparison.study),
            "sweep": self._show_sweep_head,
            **{
                plot.title: partial(self._show_sweep, plot)
                for plot in (self._sweep_times, self._sweep_memory)
            },
        }
        self._comparison.param.watch(
            lambda *_: self.refresh(),
            [
                *("state", "rows", "study", "message"),
                *("sweep_state", "points", "sweep_progress"),
            ],
        )
        self._comparison.param.watch(lambda *_: self._ask("head", self._show_head), "progress")
        self._follow_settings()
        self.refresh()

    def set_dark(self) -> None:
        """Draw for a dark page, or for a light one."""
        self._drawn.clear()
        self.refresh()

    def _refresh(self) -> None:
        for piece, show in self._pieces.items():
            self._ask(piece, show)

    def _show_head(self) -> None:
        comparison = self._comparison
        spec, study = comparison.spec, comparison.study
        self._empty.visible = comparison.state == "empty"
        self._head.write(self._heading())
        offer = telling_offer(spec) if spec and study is not None and study.too_small else ""
        self.telling.param.update(
            label=offer or "Compare", visible=bool(offer), disabled=comparison.busy
        )

    def _show_table(self) -> None:
        comparison = self._comparison
        rows, spec, study = list(comparison.rows), comparison.spec, comparison.study
        best = study.best() if study else None
        self.table.param.update(
            visible=bool(rows),
            rows=table_rows(rows, best, dark=self._explorer.dark),
            caption=f"{describe(spec)}: {len(rows)} ways" if spec else "",
        )

    def _show_tradeoff(self) -> None:
        self.tradeoff.show(self._comparison.study)  # a choice made while rows come would be lost

    def _show_study(self, plot: Plot) -> None:
        """Draw what is known so far; seldom while more comes, as drawing disturbs what is timed."""
        now, busy = time.monotonic(), self._comparison.state == "busy"
        if busy and now < self._drawn.get(plot.title, -math.inf) + _SELDOM_S:
            return
        if plot.show(list(self._comparison.rows), self._explorer.dark):
            self._drawn[plot.title] = now

    def _heading(self) -> str:
        comparison = self._comparison
        spec, study = comparison.spec, comparison.study
        if spec is None:
            return ""
        changed = not same_to_measure(spec, self._explorer.settings())
        parts = [f'<p class="quiet">Measured for {escape(describe(spec))}.</p>'] if changed else []
        if comparison.state in ("failed", "cancelled"):
            kind = "error" if comparison.state == "failed" else "quiet"
            parts.append(alert(comparison.message, kind))
        elif study is not None:
            parts.append(verdict(study))
        else:
            parts.append(so_far(comparison.rows))
            parts.append(f'<p class="quiet">{escape(comparison.progress.sentence())}</p>')
        if changed and not comparison.busy:
            parts.append('<p class="quiet">The settings have changed since. Run compares anew.</p>')
        return "".join(parts)

    def _sweep_words(self) -> str:
        knob = self._explorer.experiment.first_knob
        return f"Sweep {knob.title.lower()}" if knob else "Sweep"

    def _show_sweep_head(self) -> None:
        comparison = self._comparison
        offer = sweep_offer(self._explorer.settings())
        self.sweep.param.update(
            label=self._sweep_words(),
            visible=bool(offer),
            disabled=comparison.busy,
        )
        points = points_of(comparison)
        head = "<h3>Over several sizes</h3>" if offer or points else ""
        if comparison.sweep_state == "empty" and offer:
            head += f'<p class="quiet">{escape(offer)}</p>'
        if comparison.sweep_state in ("failed", "cancelled"):
            kind = "error" if comparison.sweep_state == "failed" else "quiet"
            head += alert(comparison.sweep_message, kind)
        head += several(comparison)
        self._sweep_head.write(head)

    def _show_sweep(self, plot: Plot) -> None:
        plot.show(points_of(self._comparison), self._explorer.dark)
