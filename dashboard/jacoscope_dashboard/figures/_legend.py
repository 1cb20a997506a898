"""The legend above a figure: names, each beside the look of one of the things it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.core.properties import value
from bokeh.models import Legend, LegendItem

from ._axes import FONT, SIZE
from ._layer import laid
from ._palette import Palette


@dataclass(frozen=True)
class Entry:
    """One name of a legend.

    Attributes:
        name: What is written.
        index: The row whose color and marker stand beside it.
        layer: The name of the layer that the row is of, "" for the HoloViews element.
    """

    name: str
    index: int = 0
    layer: str = ""


def entries(named: Iterable[str]) -> tuple[Entry, ...]:
    """Give an entry for each name, with the first row of that name, in the order of those rows.

    Example:
        >>> [(entry.name, entry.index) for entry in entries(["a", "a", "b", "a"])]
        [('a', 0), ('b', 2)]
    """
    first: dict[str, int] = {}
    for index, name in enumerate(named):
        first.setdefault(name, index)
    return tuple(Entry(name, index) for name, index in first.items())


def lay_legend(plot: Any, shown: Sequence[Entry], colors: Palette) -> None:
    """Show these names in the legend, and no legend for none.

    Args:
        plot: The HoloViews plot; its own legend would leave the figure at each update.
        shown: From left to right.
        colors: Of this page.
    """
    figure = plot.state
    if not figure.legend:
        if not shown:
            return
        legend = Legend(
            orientation="horizontal",
            location="left",
            background_fill_color=None,
            border_line_color=None,
            label_text_font=FONT,
            label_text_font_size=SIZE,
            margin=4,
            spacing=12,
        )
        figure.add_layout(legend, "above")
        plot._process_legend = lambda *_: None  # HoloViews would empty it at each update
    legend = figure.legend[0]
    renderers = [_renderer(plot, entry) for entry in shown]
    # As with ticks: what is there changes inside.
    if renderers != [item.renderers[0] for item in legend.items]:
        legend.items = [LegendItem(renderers=[each]) for each in renderers]
    for item, entry in zip(legend.items, shown, strict=True):
        item.update(label=value(entry.name), index=entry.index)
    legend.update(
        padding=0,
        label_text_color=colors.foreground,
        ncols=2 if len(shown) > 3 else "auto",
        visible=bool(shown),
    )


def _renderer(plot: Any, entry: Entry) -> Any:
    if entry.layer:
        return laid(plot.state, entry.layer)
    (element,) = plot.subplots.values() if plot.subplots else [plot]
    return element.handles["glyph_renderer"]
