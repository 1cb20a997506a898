"""The graph of a function's equations: what each one reads, and what reverse mode keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv

from ._axes import Axis
from ._finish import Frame, options, quiet, telling
from ._layer import Stroke, Word, lay_words
from ._layered import layered
from ._marks import INK, column, table
from ._palette import Palette, blend, ink_on, palette
from ._units import format_bytes

Node = Mapping[str, Any]

_ENDS = ["node from", "node bottom", "node to", "node top"]
_WORDS = ["equation", "keeps", "line"]
_TIPS = [("", "@equation"), ("reverse mode keeps", "@keeps"), ("line", "@line")]
_BORDER = "border"
_HALF_WIDTH, _HALF_HEIGHT = 0.44, 0.3
_LEAST_WIDTH = 5.0  # in nodes, so that a chain's are not as wide as the page
_ROW_PX, _MARGIN_PX = 56, 40
_STRENGTH = 0.3
_LONGEST = 16


def equations(nodes: Sequence[Node], *, dark: bool = False) -> hv.Overlay:
    """Draw a function from its inputs, on top, down to its outputs.

    A node that reverse mode keeps something of is filled with reverse mode's color, and says how
    much; inputs, constants and outputs are gray.

    Args:
        nodes: Kind, name, text, source, bytes kept, and what it reads, as pairs of another node's
            place and a type, for each; see `jacoscope._equation_graph`.
        dark: Whether the page is dark.
    """
    colors = palette(dark)
    edges = [(maker, i) for i, node in enumerate(nodes) for maker, _ in node["reads"]]
    last = [i for i, node in enumerate(nodes) if node["kind"] == "output"]
    light = [i for i, node in enumerate(nodes) if node["kind"] == "constant"]
    laid = layered(len(nodes), edges, last, light)
    boxes = [
        (
            *(x - _HALF_WIDTH, y - _HALF_HEIGHT, x + _HALF_WIDTH, y + _HALF_HEIGHT),
            *(node["text"], _keeps(node) or "nothing", node["source"] or "–"),
            *(_fill(node, colors), colors.reverse if node["kept"] else colors.neutral),
        )
        for node, (x, y) in zip(nodes, laid.places, strict=True)
    ]
    words = [
        Word(x, y, _said(node), ink_on(_fill(node, colors)))
        for node, (x, y) in zip(nodes, laid.places, strict=True)
    ]
    strokes = tuple(
        Stroke(tuple(x for x, _ in route), tuple(y for _, y in route), colors.neutral, 1.2)
        for route in laid.routes
    )
    xs = [x for x, _ in laid.places] or [0.0]
    rows = 1 + max((y for _, y in laid.places), default=0.0)
    middle = (min(xs) + max(xs)) / 2
    reach = max(max(xs) - min(xs) + 1, _LEAST_WIDTH) / 2 + 0.1
    frame = Frame(
        x=Axis("", middle - reach, middle + reach, (), visible=False, grid=True),
        y=Axis("", rows - 0.5, -0.5, (), visible=False, grid=True),
        dark=dark,
        height=round(_ROW_PX * rows + _MARGIN_PX),
        strokes=strokes,
        extra=lambda plot: lay_words(plot.state, words, "12px"),
    )
    style = {"color": column(INK), "line_color": column(_BORDER), "line_width": 1.5}
    names = [*_WORDS, INK, _BORDER]
    element: Any = hv.Rectangles(table(boxes, _ENDS, names), _ENDS, names, datatype=["dictionary"])
    overlay: Any = hv.Overlay([element.opts(**quiet(), **telling(_TIPS, **style))])
    return overlay.opts(**options(frame))


def summary_equations(nodes: Sequence[Node]) -> str:
    """Say how many equations there are, and of which reverse mode keeps something.

    Args:
        nodes: As `equations` takes them.
    """
    found = [node for node in nodes if node["kind"] == "equation"]
    kept = [node for node in found if node["kept"]]
    many = f"{len(found)} equation{'' if len(found) == 1 else 's'}, values flowing downwards"
    if not kept:
        return f"{many}; reverse mode keeps nothing of them."
    most = max(kept, key=lambda node: node["kept"])
    return (
        f"{many}; reverse mode keeps something of {len(kept)}, most of {most['name']},"
        f" {format_bytes(most['kept'])}."
    )


def _said(node: Node) -> str:
    name = str(node["name"])
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return f"{short}\n{_keeps(node)}" if node["kept"] else short


def _keeps(node: Node) -> str:
    return f"keeps {format_bytes(node['kept'])}" if node["kept"] else ""


def _fill(node: Node, colors: Palette) -> str:
    if node["kept"]:
        return blend(colors.background, colors.reverse, _STRENGTH)
    return colors.background if node["kind"] == "equation" else colors.grid
