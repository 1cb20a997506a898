"""Marks that several figures share: points by kind of strategy, a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
from bokeh.core.properties import value

from ._axes import FONT
from ._palette import KINDS, MARKERS, Kind, palette

EMPTY = "Nothing measured yet"


def quiet() -> dict[str, Any]:
    """Give the options of an element that brings no tools and moves no range."""
    return {
        "backend": "bokeh",
        "apply_ranges": False,
        "default_tools": [],
        "tools": [],
        "show_legend": False,
    }


def telling(tooltips: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Give the options of an element that is hovered over."""
    return quiet() | {
        "tools": ["hover"],
        "hover_tooltips": list(tooltips),
    }


def by_kind(
    points: Sequence[tuple[Kind, tuple[Any, ...]]],
    kdims: list[str],
    vdims: list[str],
    tooltips: Sequence[tuple[str, str]],
    dark: bool,
) -> list[Any]:
    """Make one element of points for each kind, with its color, marker and name.

    Args:
        points: For each point its kind, and x, y and the words for `vdims`.
        kdims: The names of x and y.
        vdims: The names of the words.
        tooltips: What hovering says.
        dark: Whether the page is dark.
    """
    colors = palette(dark)
    return [
        hv.Points(
            [data for of, data in points if of == kind], kdims, vdims, group="Kind", label=kind
        ).opts(
            color=colors.of(kind),
            marker=MARKERS[kind],
            size=11,
            line_color=colors.background,
            **telling(tooltips),
        )
        for kind in KINDS
    ]


def message(text: str, x: float, y: float, kdims: list[str], color: str) -> Any:
    """Write a sentence into an empty plot; "" for none."""
    return hv.Labels([(x, y, text)] if text else [], kdims, "sentence").opts(
        text_color=color, text_font=value(FONT), text_font_size="15px", **quiet()
    )
