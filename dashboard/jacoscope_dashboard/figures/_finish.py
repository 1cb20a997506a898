"""What every figure gets at each frame: axes, ranges, ticks, colors and hover.

HoloViews reads the options of an element again at each update of a `DynamicMap`, hooks included.
So a figure is one element, whatever the data, since HoloViews takes long for each of an overlay;
and all else that depends on the data stands in a `Frame`, which one hook lays on the figure.
Nothing of the figure is built again, and a zoom lasts until the ranges themselves change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import holoviews.plotting.bokeh  # noqa: F401  HoloViews knows Bokeh's options from here on
from bokeh.models import BoxZoomTool, HoverTool, ResetTool, SaveTool

from ._axes import FONT, Axis, lay_axis, lay_right, middle, move, plain
from ._layer import Stroke, Word, laid, lay_strokes, lay_words
from ._legend import Entry, lay_legend
from ._palette import Palette, palette
from ._save import svg_action

_LATER: ContextVar[list[Callable[[], None]] | None] = ContextVar("frames", default=None)


@contextmanager
def frames_later() -> Iterator[list[Callable[[], None]]]:
    """While plots are built inside, lay no frame on them; yield the calls that lay them after."""
    frames: list[Callable[[], None]] = []
    token = _LATER.set(frames)
    try:
        yield frames
    finally:
        _LATER.reset(token)


@dataclass(frozen=True)
class Frame:
    """All that the hook lays on the figure in one frame.

    Attributes:
        x: The horizontal axis.
        y: The vertical axis.
        dark: Whether the page is dark.
        title: A line above the figure, "" for none.
        right: Places on the y axis and the words that stand there, right of the plot.
        height: Of the figure in CSS pixels.
        legend: The names of the legend that have something to show.
        strokes: The lines beneath the element; None for a figure that never has any.
        sentence: What is written into an empty figure, "" for none.
        extra: Called with the HoloViews plot, for what is one figure's own.
    """

    x: Axis
    y: Axis
    dark: bool
    title: str = ""
    right: tuple[tuple[float, str], ...] = ()
    height: int = 360
    legend: tuple[Entry, ...] = ()
    strokes: tuple[Stroke, ...] | None = None
    sentence: str = ""
    extra: Callable[[Any], None] | None = None

    def __call__(self, plot: Any, _element: Any) -> None:
        """Lay this frame on the figure (a HoloViews hook)."""
        later = _LATER.get()
        if later is None:
            self._lay(plot)
        else:
            later.append(lambda: self._lay(plot))

    def _lay(self, plot: Any) -> None:
        figure: Any = plot.state
        colors = palette(self.dark)
        _paint(figure, colors)
        lay_axis(figure.xaxis[0], figure.xgrid[0], self.x, colors)
        lay_axis(figure.yaxis[0], figure.ygrid[0], self.y, colors)
        if self.right or len(figure.yaxis) > 1:
            lay_right(figure, self.right, colors)
        move(figure.x_range, self.x)
        move(figure.y_range, self.y)
        figure.title.text = plain(self.title)
        figure.title.visible = bool(self.title)
        figure.height = figure.min_height = self.height
        if self.strokes is not None:
            lay_strokes(figure, self.strokes)
        if self.extra is not None:
            self.extra(plot)
        self._lay_sentence(figure, colors)
        lay_legend(plot, self.legend, colors)

    def _lay_sentence(self, figure: Any, colors: Palette) -> None:
        words = []
        if self.sentence:
            x, y = middle(figure.xaxis[0], self.x), middle(figure.yaxis[0], self.y)
            words = [Word(x, y, self.sentence, colors.muted)]
        elif laid(figure, "sentence") is None:  # a figure may never need one
            return
        lay_words(figure, words, "15px", "sentence")


def options(frame: Frame, **others: Any) -> dict[str, Any]:
    """Give the options of a figure: of its only element, or of the overlay around it."""
    return {
        "backend": "bokeh",
        "hooks": [frame],
        "responsive": True,
        "height": frame.height,
        "apply_ranges": False,
        "default_tools": [],
        "shared_axes": False,
        "normalize": False,
        "show_grid": frame.x.grid,
        "show_legend": False,
        "toolbar": "above",
    } | others


def quiet() -> dict[str, Any]:
    """Give the options of an element in an overlay that brings no tools and moves no range."""
    return {
        "backend": "bokeh",
        "apply_ranges": False,
        "default_tools": [],
        "show_legend": False,
    }


def telling(tooltips: Sequence[tuple[str, str]], **style: Any) -> dict[str, Any]:
    """Give the options of an element that is hovered over, and has this style."""
    return {"tools": ["hover"], "hover_tooltips": list(tooltips), **style}


def height_of(rows: int) -> int:
    """Give the height in CSS pixels of a figure with so many rows."""
    return 130 + 34 * max(3, rows)


def hover(figure: Any, name: str) -> Any:
    """Find the figure's hover tool of that name, or make it."""
    for tool in figure.toolbar.tools:
        if isinstance(tool, HoverTool) and tool.name == name:
            return tool
    tool = HoverTool(name=name, renderers=[], tooltips=[], visible=False)
    figure.add_tools(tool)
    return tool


def _paint(figure: Any, colors: Palette) -> None:
    figure.update(
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border_right=16,
        frame_align=False,
    )
    figure.output_backend = "canvas"  # browsers allow few WebGL contexts, and no plot needs one
    figure.toolbar.update(logo=None, autohide=True)
    if not any(isinstance(tool, ResetTool) for tool in figure.toolbar.tools):
        figure.add_tools(BoxZoomTool(), ResetTool(), SaveTool(), svg_action(figure))
    for tool in figure.toolbar.tools:
        tool.visible = not isinstance(tool, HoverTool)
    figure.title.update(
        text_color=colors.muted, text_font=FONT, text_font_size="13px", text_font_style="normal"
    )
