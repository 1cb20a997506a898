"""Vectors that can be dragged, as Panel components.

Drawn as SVG rather than by HoloViews: an arrow or a bar that is edited has to have a name and to
answer to the keyboard, which nothing on a Bokeh canvas can; and a redrawing takes the server a
tenth of the time.
"""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn
import param

from ._theme import CSS, static
from .figures import palette, readable

_STYLE = [CSS, static("products.css")]
_DRAW = static("draw.js") + static("bars.js")


def colors_of(dark: bool) -> dict[str, str]:
    """Return the colors that the drawings take, by name."""
    chosen = palette(dark)
    named = {name: getattr(chosen, name) for name in ("forward", "reverse", "mixed", "neutral")}
    words = {
        f"{name}-text": readable(named[name], chosen.background) for name in ("forward", "reverse")
    }
    return {**named, **words, "odd": chosen.inf}


class ProductBoard(pn.custom.JSComponent):
    """Tangent, cotangent and what becomes of them; dragging a vector sets `edit`."""

    picture = param.Dict(default={}, doc="From `figures.product_board`.")
    colors = param.Dict(default=colors_of(dark=False))
    edit = param.Dict(default={}, doc="which, values, and whether the gesture is done.")

    _esm = _DRAW + static("plane.js") + static("products.js")
    _stylesheets: ClassVar[list[str]] = _STYLE

    def __init__(self, **params: Any) -> None:
        """Take the params' values."""
        super().__init__(**({"sizing_mode": "stretch_width", "margin": 0} | params))


class VectorBars(pn.custom.JSComponent):
    """One vector as bars."""

    vector = param.Dict(default={}, doc="From `figures.vector_bars`.")
    colors = param.Dict(default=colors_of(dark=False))

    _esm = _DRAW + static("vector.js")
    _stylesheets: ClassVar[list[str]] = _STYLE

    def __init__(self, **params: Any) -> None:
        """Take the params' values."""
        super().__init__(**({"sizing_mode": "stretch_width", "margin": 0} | params))
