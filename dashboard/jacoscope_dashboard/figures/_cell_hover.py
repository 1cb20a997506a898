"""What hovering over a cell says: output path, input path, and the exact value.

The paths travel once per picture, not once per cell. Bokeh escapes what a formatter returns, so a
path is shown as the text that it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import CustomJSHover

from ._grid import Side

_PLACE = [("output", "$y{custom}"), ("input", "$x{custom}")]

_NAME_JS = """
const place = Math.floor((special_vars[axis] + 0.5) / cell);
return labels[Math.min(labels.length - 1, Math.max(0, place))];
"""
_VALUE_JS = """
const row = Math.floor((special_vars.y + 0.5) / row_cell);
const column = Math.floor((special_vars.x + 0.5) / column_cell);
const exact = values == null ? value : values[row * columns + column];
if (exact === undefined || Number.isNaN(exact)) return nothing;
if (!Number.isFinite(exact)) return exact > 0 ? "+\\u221e" : "\\u2212\\u221e";
return String(Number(exact.toPrecision(7))).replaceAll("-", "\\u2212");
"""


def lay_hover(
    tool: Any,
    image: Any,
    known: np.ndarray,
    rows: Side,
    columns: Side,
    *,
    apart: bool,
    word: str = "value",
    nothing: str = "NaN",
) -> None:
    """Let the hover tool speak about this matrix.

    Args:
        tool: The figure's hover tool.
        image: The renderer of the image.
        known: The values in sight, float32 (r, c).
        rows: The outputs.
        columns: The inputs.
        apart: Whether the image has shades, and the values have to be sent beside it.
        word: What a value is called.
        nothing: What is said in place of NaN.
    """
    if not tool.formatters:
        tool.update(
            renderers=[image],
            tooltips=[*_PLACE, (word, "@image{custom}")],
            formatters={
                "$y": CustomJSHover(code=_NAME_JS),
                "$x": CustomJSHover(code=_NAME_JS),
                "@image": CustomJSHover(code=_VALUE_JS),
            },
        )
    for axis, side in (("y", rows), ("x", columns)):
        _set(tool, f"${axis}", {"axis": axis, "cell": side.cell, "labels": list(side.labels)})
    _set(
        tool,
        "@image",
        {
            "values": np.ascontiguousarray(known) if apart else None,
            "nothing": nothing,
            "columns": known.shape[1],
            "row_cell": rows.cell,
            "column_cell": columns.cell,
        },
    )


def _set(tool: Any, name: str, args: dict[str, Any]) -> None:
    formatter = tool.formatters[name]
    before = formatter.args
    if "values" in args or before != args:
        formatter.args = args
