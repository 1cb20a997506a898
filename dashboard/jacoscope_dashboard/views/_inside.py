"""The tab *Inside*: why a derivative costs what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn

from .. import _ui as ui
from .._experiment import POLICIES
from .._fields import choice
from .._html import Html
from ..figures import compile_times, equations, memory, summary_equations, summary_memory
from ._inside_words import equations_html, kept_html, pass_rows, passes_html, program_html
from ._plot import Plot, grid
from ._tab import Tab, Waiting
from ._words import compiling

if TYPE_CHECKING:
    from .._explorer import Explorer

_SIZED = ("predicted_bytes", "argument_bytes", "output_bytes", "temp_bytes")
_DRAWN = ("name", "text", "kept", "reads")
_COMPILED = ("trace_s", "lower_s", "compile_s")
_PROGRAM = (
    "<h3>The optimized program</h3><p class='quiet'>What XLA runs for one VJP, or for one JVP where"
    " there is no VJP.</p>"
)


class InsideView(Tab):
    """Passes, residuals, equations and the program of the function on the page."""

    def __init__(self, explorer: Explorer) -> None:
        """Build the tab, when it is first opened."""
        super().__init__(explorer, "inside")
        self._inside = explorer.session.inside
        experiment, pace = explorer.experiment, explorer.pace
        self.waiting = Waiting(
            self._inside,
            coming="The function is being traced",
            failed="Nothing to see inside.",
            none="Not traced",
            busy="Tracing and compiling one pass of each kind…",
        )
        self._passes = Html(margin=(0, 0, 18, 0))
        self._memory = Plot("Memory of one pass", memory, summary_memory, _SIZED, pace)
        self._compile = Plot("Compiling one pass", compile_times, compiling, _COMPILED, pace)
        self.policy = choice(
            "Checkpoint",
            {title: name for name, title in POLICIES.items()},
            get=lambda: experiment.policy,
            put=lambda value: setattr(experiment, "policy", value),
        )
        self._kept = Html(margin=(0, 0, 18, 0))
        self._graph = Plot("The equations as a graph", equations, summary_equations, _DRAWN, pace)
        self._equations = Html(margin=(18, 0))
        self.search = ui.TextInput(
            label="Search the program", size="small", max_length=60, width=320, margin=(8, 0)
        )
        self.search.param.watch(lambda _: self._ask("program", self._show_program), "value")
        self._program = Html()
        program = pn.Column(Html(_PROGRAM), self.search, self._program, sizing_mode="stretch_width")
        policy = pn.Column(self.policy, width=300, margin=(18, 0, 0, 0))
        self.panel = pn.Column(
            self.waiting.status,
            self.waiting.place,
            self.waiting.content,
            sizing_mode="stretch_width",
            margin=(14, 0),
        )
        rest = [
            self._passes,
            grid(self._memory, self._compile),
            *(policy, self._kept),
            *(grid(self._graph), self._equations, program),
        ]
        pace.lay("inside: parts", self.waiting.content, rest, 2)
        self._inside.param.watch(lambda *_: self._arrived(), ["state", "picture"])
        self._follow_settings()
        self.refresh()

    def set_dark(self) -> None:
        """Draw for a dark page, or for a light one."""
        self._ask("plots", self._show_plots)
        self._ask("graph", self._show_graph)

    def _refresh(self) -> None:
        self._explorer.session.show_inside(self._explorer.settings())
        self._arrived()

    def _arrived(self) -> None:
        self._ask("state", self._show_state)
        self._ask("passes", self._show_passes)
        self._ask("plots", self._show_plots)
        self._ask("graph", self._show_graph)
        self._ask("equations", self._show_equations)
        self._ask("program", self._show_program)

    def _show_state(self) -> None:
        self.waiting.show()
        self.policy.value = self._explorer.experiment.policy

    def _show_passes(self) -> None:
        if self._inside.picture is not None:
            self._passes.write(passes_html(self._inside.picture))
            policy = POLICIES[self._inside.picture["policy"]]
            self._kept.write(kept_html(self._inside.picture, policy))

    def _show_plots(self) -> None:
        if self._inside.picture is not None:
            rows = pass_rows(self._inside.picture)
            for plot in (self._memory, self._compile):
                plot.show(rows, self._explorer.dark)

    def _show_graph(self) -> None:
        if self._inside.picture is not None:
            self._graph.show(self._inside.picture["graph"] or [], self._explorer.dark)

    def _show_equations(self) -> None:
        if self._inside.picture is not None:
            self._equations.write(equations_html(self._inside.picture))

    def _show_program(self) -> None:
        if self._inside.picture is not None:
            self._program.write(program_html(self._inside.picture, self.search.value or ""))
