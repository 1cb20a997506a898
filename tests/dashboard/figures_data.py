"""What the tests of figures share: pictures, rows, and figures fed through a pipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.core.property.vectorization import Field
from bokeh.models import GlyphRenderer, HoverTool
from holoviews.streams import Pipe

from jacoscope import Measurement


def picture(values: Any, **changes: Any) -> dict[str, Any]:
    """What a matrix job brings for these values, (r, c)."""
    values = np.asarray(values, dtype=np.float32)
    n_out, n_in = values.shape
    finite = np.abs(values[np.isfinite(values)])
    return {
        "values": values,
        "n_out": n_out,
        "n_in": n_in,
        "reduced": False,
        "row_labels": [f"y[{i}]" for i in range(n_out)],
        "column_labels": [f"W[{j}]" for j in range(n_in)],
        "row_blocks": [["y", 0, n_out]],
        "column_blocks": [["W", 0, n_in]],
        "x_path": "inputs, x",
        "y_path": "outputs, f(x)",
        "mode": "forward",
        "strategy": "forward/vmap",
        "group": 1,
        "coloring": None,
        "passes_forward": n_in,
        "passes_reverse": n_out,
        "max_abs": float(finite.max()) if finite.size else 0.0,
        "nan_count": int(np.isnan(values).sum()),
        "inf_count": int(np.isinf(values).sum()),
        "closed_form_error": None,
        "pytree": False,
        **changes,
    }


def structure(**changes: Any) -> dict[str, Any]:
    """What a structure job brings: three columns in two JVPs and a full row in a VJP."""
    values = np.array([[1.0, 2.0], [0.0, 3.0], [4.0, 0.0]], np.float32)
    colored = {
        "groups": np.array([[1, 2, 0], [0, 2, 1], [3, 3, 3]]),
        "known": "proven",
        "entries": 7,
        "passes": 3,
        "by_column": 2,
        "by_row": 1,
        "note": "Sparsity proven for every x: 7 entries of 3 × 3 in 3 passes.",
        "compressed": [
            {"side": "columns", "values": values, "shape": [3, 2]},
            {"side": "rows", "values": np.ones((1, 3), np.float32), "shape": [1, 3]},
        ],
    }
    singular = {"values": np.array([3.0, 1.0, 0.0]), "rank": 2, "zero": 1e-6}
    names = (
        *("row_labels", "column_labels", "row_blocks", "column_blocks"),
        *("n_out", "n_in", "x_path", "y_path"),
    )
    return {
        **{name: picture(np.zeros((3, 3)))[name] for name in names},
        "symmetric": False,
        "colored": colored,
        "why_not_colored": "",
        "singular": singular,
        "why_not_singular": "",
        **changes,
    }


def numbered(n_out: int, n_in: int) -> np.ndarray:
    """A matrix whose entries tell where they are, with both signs, (n_out, n_in)."""
    return np.arange(n_out * n_in, dtype=np.float32).reshape(n_out, n_in) - 4


def row(strategy: str, median_s: float | None = None, **fields: Any) -> Measurement:
    """A row of a study on a Jacobian."""
    return Measurement(quantity="jacobian", strategy=strategy, median_s=median_s, **fields)


def point(value: int, strategy: str, median_s: float | None, **fields: Any) -> dict[str, Any]:
    """A point of a sweep over the batch size."""
    mode = strategy.partition("/")[0]
    base = {"knob": "Batch size", "value": value, "strategy": strategy, "mode": mode}
    return {**base, "median_s": median_s, **fields}


def drawn(element: Any) -> Any:
    """The Bokeh figure of an element."""
    return hv.render(element, backend="bokeh")


class Fed:
    """A figure that a pipe feeds, as on the page."""

    def __init__(self, draw: Callable[..., Any], *args: Any, **options: Any) -> None:
        self.pipe = Pipe(data=(args, options))
        self.map = hv.DynamicMap(lambda data: draw(*data[0], **data[1]), streams=[self.pipe])
        self.figure: Any = hv.renderer("bokeh").get_plot(self.map).state

    def push(self, *args: Any, **options: Any) -> Any:
        self.pipe.send((args, options))
        return self.figure


def named(figure: Any, name: str) -> Any:
    """The renderer of that name."""
    (found,) = [each for each in figure.renderers if each.name == name]
    return found


def the(figure: Any, glyph: str) -> Any:
    """The one renderer with that glyph."""
    (found,) = [each for each in figure.renderers if type(each.glyph).__name__ == glyph]
    return found


def columns(renderer: Any) -> dict[str, list[Any]]:
    """The data of a renderer as lists."""
    return {key: list(value) for key, value in renderer.data_source.data.items()}


def written(figure: Any, name: str) -> list[str]:
    """The words of a layer; those without a letter fill it up."""
    return [word for word in columns(named(figure, name))["text"] if word]


def of_glyph(figure: Any, glyph: str) -> list[dict[str, list[Any]]]:
    """The data of all renderers with that glyph, in the order in which they are drawn."""
    return [
        columns(each)
        for each in figure.renderers
        if isinstance(each, GlyphRenderer) and type(each.glyph).__name__ == glyph
    ]


def looks(renderer: Any, *styles: str) -> list[tuple[Any, ...]]:
    """What these styles of a renderer are at each of its rows, be they constants or columns."""
    data = columns(renderer)
    rows = max(map(len, data.values()), default=0)

    def at(style: str) -> list[Any]:
        spec = getattr(renderer.glyph, style)
        if isinstance(spec, Field):
            spec = {"field": spec.field}
        if isinstance(spec, dict):  # no mapper of colors: columns hold what is drawn
            assert set(spec) == {"field"}
            return data[spec["field"]]
        return data[spec] if spec in data else [spec] * rows

    found = [at(style) for style in styles]
    return [tuple(column[row] for column in found) for row in range(rows)]


def legend(figure: Any, *styles: str) -> dict[str, tuple[Any, ...]]:
    """What stands beside each name in the legend: the glyph, and these styles of it."""
    if not figure.legend or not figure.legend[0].visible:
        return {}
    shown = {}
    for item in figure.legend[0].items:
        (renderer,) = item.renderers
        assert renderer in figure.renderers
        shown[item.label.value] = looks(renderer, *styles)[item.index]
    return shown


def hovers(figure: Any) -> dict[str, dict[str, str]]:
    """What hovering says, by glyph: labels, and the columns that they read."""
    found = {}
    tools: list[Any] = [tool for tool in figure.toolbar.tools if isinstance(tool, HoverTool)]
    for tool in tools:
        (renderer,) = tool.renderers
        tips = {label: text.strip("@{}") for label, text in tool.tooltips}
        assert set(tips.values()) <= set(renderer.data_source.data)
        found[type(renderer.glyph).__name__] = tips
    return found


def words_on(axis: Any) -> list[str]:
    """The words that stand on an axis."""
    return list(axis.formatter.args["words"])
