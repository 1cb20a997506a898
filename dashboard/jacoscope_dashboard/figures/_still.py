"""A heatmap as HTML, for a browser that has no script yet: as it is drawn, and still.

Its classes are laid out by `static/preview.css`.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from ._grid import Side, few_ticks, sides
from ._grid_boxes import cell_words
from ._palette import palette
from ._scale import Scale, scale_of

Ticks = Iterable[tuple[float, str]]


def heatmap_html(picture: dict[str, Any], cells: str, *, dark: bool = False) -> str:
    """Return a matrix with its values, where it is small, its sides' names and its color bar.

    Args:
        picture: What a `matrix` job brings; `values` are float32, (r, c).
        cells: The HTML of the cells' colors, as `heatmap_png` has them.
        dark: Whether the page is dark.
    """
    values = np.asarray(picture["values"], dtype=np.float32)
    rows, columns = sides(picture)
    scale = scale_of(values, log=False)
    down, across, slanted = few_ticks(rows, columns)
    names = [(_share(j, columns), name) for j, name in (across or ()) if not slanted]
    words = "".join(
        f'<span style="left:{_share(word.x, columns):.3f}%;top:{_share(word.y, rows):.3f}%;'
        f'color:{word.ink}">{escape(word.text)}</span>'
        for word in cell_words(values, scale, rows, columns, None, dark)
    )
    return (
        '<div class="heatmap">'
        f'<div class="down">{escape(rows.title("outputs"))}</div>'
        f'<div class="rows">{_at("top", [(_share(i, rows), name) for i, name in down or ()])}</div>'
        f'<div class="cells">{cells}{words}</div>'
        f'<div class="columns">{_at("left", names)}</div>'
        f'<div class="across">{escape(columns.title("inputs"))}</div>'
        f"{_color_bar(scale, dark)}</div>"
    )


def _color_bar(scale: Scale, dark: bool) -> str:
    anchors = ",".join(palette(dark).anchors)
    ticks = [(50 - 50 * shade / scale.top, word) for shade, word in scale.ticks()]
    return (
        f'<div class="scale" style="background:linear-gradient(to top,{anchors})"></div>'
        f'<div class="ticks">{_at("top", ticks)}</div>'
    )


def _at(edge: str, ticks: Ticks) -> str:
    """Write words at shares of a side; the longest makes room for all."""
    ticks = list(ticks)
    longest = max((word for _, word in ticks), key=len, default="")
    words = (f'<span style="{edge}:{at:.3f}%">{escape(word)}</span>' for at, word in ticks)
    return f"<b>{escape(longest)}</b>{''.join(words)}"


def _share(place: float, side: Side) -> float:
    """Return where an index lies on its side, in percent."""
    return 100 * (place + 0.5) / (side.end + 0.5)
