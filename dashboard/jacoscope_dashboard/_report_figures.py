"""The figures of a report, drawn as on the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
from bokeh.document import Document
from bokeh.themes import Theme

from jacoscope import Study

from . import _report_tables as tables
from .figures import (
    compile_times,
    memory,
    roofline,
    summary_memory,
    summary_roofline,
    summary_times,
    summary_tradeoff,
    sweep_totals,
    times,
    tradeoff,
)
from .views._call_words import order_of_winners, total_points
from .views._compare import COMPILED, SIZED, TIMED
from .views._plot import field
from .views._tradeoff import under_roof
from .views._words import compiling

_CEILINGS = ("flops_per_s", "bytes_per_s")


@dataclass(frozen=True)
class Scene:
    """A figure of a report.

    Attributes:
        key: What its place in the report is called.
        title: Its heading.
        draw: Returns the HoloViews element; takes the data, and `dark`.
        summary: Says in a sentence what the data show.
        table: Gives their numbers as HTML.
        data: Rows of a study, or points.
        reads: The fields that the figure reads; without any of them known it is left out.
    """

    key: str
    title: str
    draw: Callable[..., Any]
    summary: Callable[[Any], str]
    table: Callable[[Any], str]
    data: Sequence[Any]
    reads: Sequence[str]

    @property
    def known(self) -> bool:
        """Whether there is anything to show."""
        return any(field(each, name) is not None for each in self.data for name in self.reads)


def scenes_of(study: Study) -> list[Scene]:
    """Return the figures that have something to show, each with its words and its numbers."""
    rows, totals, under = list(study.rows), total_points(study), _placed(study)
    timed = [row for row in study.timed if row.predicted_bytes is not None]
    scenes = [
        Scene("time", "Time", times, summary_times, tables.times, rows, TIMED),
        Scene("memory", "Memory", memory, summary_memory, tables.memory, rows, SIZED),
        Scene(
            *("compiling", "Compiling", compile_times, compiling),
            *(tables.compiling, rows, COMPILED),
        ),
        Scene(
            *("tradeoff", "Time against memory", tradeoff, summary_tradeoff),
            *(tables.tradeoff, timed, ("predicted_bytes",)),
        ),
        Scene(
            *("calls", "Total time by calls", sweep_totals, order_of_winners),
            *(tables.totals, totals, ("total_s",)),
        ),
        Scene(
            *("roof", "Distance from the roof", roofline, summary_roofline),
            *(tables.roof, under, ("share",)),
        ),
    ]
    return [scene for scene in scenes if scene.known]


def embedded(scenes: Sequence[Scene], *, dark: bool) -> Generator[None, None, dict[str, Any]]:
    """Return all figures as BokehJS embeds them: one document, and the place of each root in it.

    It yields after each figure, for whoever has others to answer.

    Args:
        scenes: The figures.
        dark: Whether they are for a dark page.
    """
    document, roots = Document(), {}
    for scene in scenes:
        # A document of our own: HoloViews would take that of the page, and lay its theme on it.
        element = scene.draw(scene.data, dark=dark)
        figure = hv.renderer("bokeh").get_plot(element, doc=document).state
        document.add_root(figure)
        roots[figure.id] = scene.key
        yield
    document.theme = Theme(json={})
    document.title = ""
    # Without the classes of Panel, which Bokeh adds to every document of this process.
    return {"doc": {**document.to_json(deferred=False), "defs": []}, "roots": roots}


def _placed(study: Study) -> list[dict[str, Any]]:
    """Return the points under the roof; none where a file says something else of it."""
    roof = study.environment.get("ceilings")
    if not isinstance(roof, Mapping) or "dtype" not in roof:
        return []
    if not all(_positive(roof.get(name)) for name in _CEILINGS):
        return []
    return under_roof(study)


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0
