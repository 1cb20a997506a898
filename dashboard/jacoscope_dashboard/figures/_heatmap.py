"""The heatmap of a Jacobian, and how a mode fills it, pass by pass."""

from __future__ import annotations

from functools import partial
from typing import Any

import holoviews as hv
import numpy as np

from ._axes import FONT, Axis, lay_bar_ticks
from ._cell_hover import lay_hover
from ._finish import Frame, hover, options
from ._grid import Filled, Side, corners, few_ticks, known_part, sides
from ._grid_boxes import boxes, cell_words
from ._layer import lay_boxes, lay_words
from ._palette import diverging, palette
from ._scale import Scale, scale_of
from ._units import format_count

_HEIGHT = 420
_KDIMS = ["input index", "output index"]


def heatmap(
    picture: dict[str, Any],
    *,
    filled: Filled | None = None,
    log: bool = False,
    dark: bool = False,
    written: int = 12,
) -> hv.Image:
    """Draw a matrix, its first entry top left, on a scale that is symmetric around zero.

    Args:
        picture: What a `matrix` job brings; `values` are float32, (r, c).
        filled: How far the player is. What comes after it is hatched, or gray where it is by
            colors; the last group has a border, and the vectors that went in lie above the
            columns or left of the rows.
        log: Whether the scale is logarithmic, and linear close to zero.
        dark: Whether the page is dark.
        written: The most cells each way that have their value written in.

    Returns:
        The image of what is known. Its hook lays the rest on the figure: axes, hover, color bar,
        borders of blocks, values in small matrices, and the vectors going in.
    """
    values = np.ascontiguousarray(picture["values"], dtype=np.float32)
    rows, columns = sides(picture)
    scale = scale_of(values, log)
    shown = known_part(values, rows, columns, filled)
    left, top = corners(rows, columns, filled)
    down, across, slanted = few_ticks(rows, columns)
    frame = Frame(
        x=Axis(columns.title("inputs"), left, columns.end, across, slanted=slanted),
        y=Axis(rows.title("outputs"), rows.end, top, down),
        dark=dark,
        title=_odd_values(picture),
        height=_HEIGHT,
        extra=partial(_finish, scale, shown, rows, columns, filled, dark, written),
    )
    colors = palette(dark)
    by_color = filled is not None and filled.known is not None
    image = cells(_shades(scale, shown, filled), rows, columns)
    return image.opts(
        cmap=list(diverging(dark)),
        clim=(-scale.top, scale.top),
        clipping_colors={
            "NaN": colors.nan,
            "min": colors.grid if by_color else colors.inf,
            "max": colors.inf,
        },
        colorbar=True,
        colorbar_opts={"width": 12, "padding": 8, "title": None},
        **options(frame),
    )


def _shades(scale: Scale, shown: np.ndarray, filled: Filled | None) -> np.ndarray:
    """Give the shades; what a coloring has not reached yet is below all of them."""
    shades = scale.shade(shown)
    if filled is None or filled.known is None:
        return shades
    either = np.where(np.isinf(shades), np.float32(np.inf), shades)
    return np.where(filled.known, either, np.float32(-np.inf))


def cells(shades: np.ndarray, rows: Side, columns: Side) -> Any:
    """Give the image of a matrix's cells, the first row on top of an axis that points down."""
    if 0 in shades.shape:  # out of sight: Bokeh has no image without pixels
        return hv.Image(np.zeros((1, 1), np.float32), _KDIMS, "shade", bounds=(-9, -9, -8, -8))
    down, across = shades.shape
    bounds = (-0.5, -0.5, across * columns.cell - 0.5, down * rows.cell - 0.5)
    # HoloViews has the first row of an array at the largest y, and our y axis points down.
    return hv.Image(shades[::-1], _KDIMS, "shade", bounds=bounds)


def _odd_values(picture: dict[str, Any]) -> str:
    """Say how many values are not finite, "" for none."""
    counts = (
        (picture.get("nan_count"), "NaN (amber)"),
        (picture.get("inf_count"), "infinite (red)"),
    )
    said = [f"{format_count(count)} {what}" for count, what in counts if count]
    return "Not finite: " + ", ".join(said) if said else ""


def _finish(
    scale: Scale,
    shown: np.ndarray,
    rows: Side,
    columns: Side,
    filled: Filled | None,
    dark: bool,
    written: int,
    plot: Any,
) -> None:
    """Lay the color bar, the hover, boxes and words of one frame on the figure."""
    colors = palette(dark)
    bar = plot.handles["colorbar"]
    lay_bar_ticks(bar, scale.ticks())
    bar.update(
        title=None,
        major_label_text_color=colors.foreground,
        major_label_text_font=FONT,
        major_label_text_font_size="12px",
        background_fill_color=None,
        bar_line_color=None,
        major_tick_line_color=colors.foreground,
    )
    image, figure = plot.handles["glyph_renderer"], plot.state
    apart, nothing, told = scale.threshold is not None, "NaN", shown
    if filled is not None and filled.known is not None:
        apart, nothing = True, "not yet"
        told = np.where(filled.known, shown, np.float32(np.nan))
    lay_hover(hover(figure, "cells"), image, told, rows, columns, apart=apart, nothing=nothing)
    lay_boxes(figure, boxes(rows, columns, filled, dark))
    lay_words(
        figure,
        cell_words(shown, scale, rows, columns, filled, dark, written),
        "12px" if len(columns.labels) > 8 else "14px",
    )
