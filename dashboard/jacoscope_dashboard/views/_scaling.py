"""The tab *Scaling*: when the answer changes: as sizes grow, and from problem to problem."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from .. import _ui as ui
from .._comparison import Comparison
from .._experiment import describe
from .._html import Html, alert
from .._requests import Spec, same_to_measure
from .._scaling import chosen_range, depth_knob, map_knobs, ranges
from .._table import SortableTable
from ..figures import (
    mode_map,
    problem_map,
    summary_speed_up,
    summary_sweep,
    summary_sweep_memory,
    sweep_memory,
    sweep_speed_up,
    sweep_times,
)
from ._plot import Plot, grid
from ._problem_words import (
    PROBLEM_COLUMNS,
    problem_drawn,
    problem_offer,
    problem_rows,
    problem_sentence,
)
from ._scaling_words import (
    GROWTH_COLUMNS,
    NO_DEPTH,
    crossover_sentence,
    depth_points,
    depth_sentence,
    growth_rows,
    map_drawn,
    map_offer,
    map_sentence,
    range_offer,
    range_points,
    speed_ups,
)
from ._tab import Tab
from ._words import several

if TYPE_CHECKING:
    from .._explorer import Explorer

_TIMED = ("median_s", "low_s", "high_s")
_SIZED = ("predicted_bytes",)
_SPED = ("speed_up",)
_RANGE = "<h3>As one size grows</h3>"
_DEPTH = (
    "<h3>As the steps grow</h3><p class='quiet'>One JVP needs no more memory for more steps, and"
    " one VJP keeps something of each. A checkpoint keeps less and computes it again. {}</p>"
)
_PROBLEMS = "<h3>Which way is the fastest for which problem</h3><p class='quiet'>{}</p>"
_MAP = "<h3>Which mode is faster at which size</h3><p class='quiet'>{}</p>"


class ScalingView(Tab):
    """Four sweeps, each measured when it is asked for."""

    def __init__(self, explorer: Explorer) -> None:
        """Build the tab, when it is first opened."""
        super().__init__(explorer, "scaling")
        self.range, self.depth = _Range(explorer), _Depth(explorer)
        self.map, self.problems = _Map(explorer), _Problems(explorer)
        self._sections: tuple[_Section, ...] = (self.range, self.depth, self.map, self.problems)
        for section in self._sections:
            section.pieces["head"]()  # before they are laid: a browser may miss what changes then
        self.panel = pn.Column(sizing_mode="stretch_width", margin=(14, 0))
        parts = [section.panel for section in self._sections]
        explorer.pace.lay("scaling: parts", self.panel, parts, 1)
        for each in explorer.session.comparisons:
            each.param.watch(
                lambda *_: self.refresh(),
                ["state", "sweep_state", "points", "small", "progress", "sweep_progress"],
            )
        explorer.session.param.watch(lambda *_: self.refresh(), "devices")
        self._follow_settings()
        self.refresh()

    def set_dark(self) -> None:
        """Draw for a dark page, or for a light one."""
        self.refresh()

    def _refresh(self) -> None:
        for section in self._sections:
            for piece, show in section.pieces.items():
                self._ask(f"{section.name} {piece}", show)


class _Section:
    """A heading, a button, how it goes, and what has come of it."""

    name: str

    _asked: Spec | None
    _follows_settings = True  # what is measured is of the problem that is set

    def __init__(self, explorer: Explorer, label: str, start: Callable[[Spec], None]) -> None:
        self.explorer = explorer
        self.comparison: Comparison = explorer.session.scaling[self.name]
        self.head = Html(margin=(0, 0, 8, 0))
        self.button = ui.Button(label=label, variant="outlined", margin=(0, 0, 12, 0))
        self._start, self._asked = start, None
        self.button.on_click(lambda _: self._begin())
        self.status = Html(margin=(0, 0, 8, 0))
        self.pieces: dict[str, Callable[[], object]] = {"head": self._show_head}
        self.panel = pn.Column(
            self.head, self.button, self.status, sizing_mode="stretch_width", margin=(0, 0, 26, 0)
        )

    @property
    def measured(self) -> Spec | None:
        """The settings when the button was last pressed."""
        return self._asked

    def _begin(self) -> None:
        if self.explorer.session.comparing is None:
            self._asked = self.explorer.settings()
            self._start(self._asked)

    def _show_head(self) -> None:
        self.button.disabled = self.explorer.session.comparing is not None
        self.status.write(self._status())

    def _status(self) -> str:
        comparison, spec = self.comparison, self.measured
        if spec is None:
            return ""
        match comparison.sweep_state:
            case "busy":
                return f'<p class="quiet">{escape(comparison.sweep_sentence())}</p>'
            case "failed":
                return alert(comparison.sweep_message)
            case "cancelled":
                return alert(comparison.sweep_message, "quiet")
        changed = self._follows_settings and not same_to_measure(spec, self.explorer.settings())
        said = f'<p class="quiet">Measured for {escape(describe(spec))}.</p>' if changed else ""
        return said + several(comparison)


class _Range(_Section):
    """One size, the chunk size, or the number of vectors."""

    name = "range"

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "Sweep", explorer.session.sweep_range)
        self.over = ui.Select(
            label="Over", options={}, size="small", width=260, margin=(0, 0, 12, 0)
        )
        self.over.param.watch(lambda event: self._choose(event.new), "value")
        self.panel.insert(1, self.over)
        pace = explorer.pace
        self.times = Plot("Time by size", sweep_times, summary_sweep, _TIMED, pace)
        self.memory = Plot("Memory by size", sweep_memory, summary_sweep_memory, _SIZED, pace)
        title = "Speed-up by devices"
        self.speed_up = Plot(title, sweep_speed_up, summary_speed_up, _SPED, pace)
        self._crossover = Html(margin=(10, 0, 4, 0))
        self.table = SortableTable(columns=GROWTH_COLUMNS, visible=False, margin=(10, 0, 0, 0))
        plots = grid(self.times, self.memory, self.speed_up)
        self.panel.extend([self._crossover, plots, self.table])
        self.pieces |= {
            "times": lambda: self.times.show(self._points(), explorer.dark),
            "memory": lambda: self.memory.show(self._points(), explorer.dark),
            "speed-up": lambda: self.speed_up.show(speed_ups(self._points()), explorer.dark),
            "growth": self._show_growth,
        }

    def _show_head(self) -> None:
        super()._show_head()
        spec = self.explorer.settings()
        devices = self.explorer.session.devices
        found, chosen = ranges(spec, devices), chosen_range(spec, devices)
        options = {each.title: name for name, each in found.items()}
        if self.over.options != options or self.over.value != (chosen and chosen.name):
            self.over.param.update(options=options, value=chosen.name if chosen else None)
        self.over.visible = self.button.visible = chosen is not None
        self.head.write(f"{_RANGE}<p class='quiet'>{escape(range_offer(chosen))}</p>")

    def _choose(self, name: str | None) -> None:
        chosen = chosen_range(self.explorer.settings(), self.explorer.session.devices)
        if name and chosen and name != chosen.name:
            self.explorer.experiment.grows = name

    def _points(self) -> list[dict[str, Any]]:
        devices = self.explorer.session.devices
        chosen = chosen_range(self.measured, devices) if self.measured else None
        return range_points(self.comparison, chosen) if chosen else []

    def _show_growth(self) -> None:
        points = self._points()
        sentence = crossover_sentence(points)
        self._crossover.write(f"<p>{escape(sentence)}</p>" if sentence else "")
        known = any(point["median_s"] for point in points)
        self.table.param.update(
            visible=known,
            rows=growth_rows(points, dark=self.explorer.dark) if known else [],
            caption="How each strategy grows, fitted on logarithms",
        )


class _Depth(_Section):
    """One pass of each kind over depth."""

    name = "depth"

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "Sweep the steps", explorer.session.sweep_depth)
        pace = explorer.pace
        self.memory = Plot("Memory of one pass", sweep_memory, depth_sentence, _SIZED, pace)
        self.times = Plot("Time of one pass", sweep_times, summary_sweep, _TIMED, pace)
        self.panel.append(grid(self.memory, self.times))
        self.pieces |= {
            "memory": lambda: self.memory.show(self._points(), explorer.dark),
            "times": lambda: self.times.show(self._points(), explorer.dark),
        }

    def _points(self) -> list[dict[str, Any]]:
        return depth_points(self.comparison, self.measured) if self.measured else []

    def _show_head(self) -> None:
        super()._show_head()
        able = depth_knob(self.explorer.settings()) is not None
        self.button.visible = able
        self.head.write(_DEPTH.format("" if able else NO_DEPTH))


class _Map(_Section):
    """The faster mode at each pair of two sizes."""

    name = "map"

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "Measure the map", explorer.session.sweep_map)
        self.plot = Plot(
            "The faster mode",
            lambda drawn, *, dark: mode_map(drawn[0], dark=dark),
            lambda drawn: map_sentence(drawn[0]),
            ("cells",),
            explorer.pace,
        )
        self.panel.append(grid(self.plot))
        self.pieces |= {"map": self._show_map}

    def _show_head(self) -> None:
        super()._show_head()
        spec = self.explorer.settings()
        self.button.visible = map_knobs(spec) is not None
        self.head.write(_MAP.format(escape(map_offer(spec))))

    def _show_map(self) -> None:
        drawn = map_drawn(self.comparison)
        self.plot.show([drawn] if drawn["cells"] else [], self.explorer.dark)


class _Problems(_Section):
    """How far each way is from the fastest, for each problem of the gallery."""

    name = "problems"
    _follows_settings = False

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "Measure the gallery", explorer.session.sweep_problems)
        self.head.write(_PROBLEMS.format(escape(problem_offer())))
        self.plot = Plot(
            "Time over that of the fastest way",
            lambda drawn, *, dark: problem_map(drawn[0], dark=dark),
            lambda drawn: problem_sentence(drawn[0]["contests"]),
            ("cases",),
            explorer.pace,
        )
        self.table = SortableTable(columns=PROBLEM_COLUMNS, visible=False, margin=(10, 0, 0, 0))
        self.panel.extend([grid(self.plot), self.table])
        self.pieces |= {"problems": self._show_problems}

    def _show_problems(self) -> None:
        drawn = problem_drawn(self.comparison)
        self.plot.show([drawn] if drawn["cases"] else [], self.explorer.dark)
        self.table.param.update(
            visible=bool(drawn["cases"]),
            rows=problem_rows(drawn["contests"], dark=self.explorer.dark),
            caption="Which way is the fastest for each problem",
        )
