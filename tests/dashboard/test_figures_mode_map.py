"""The map of the faster mode as Bokeh draws it."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope_dashboard.figures import Cell, mode_map, palette
from jacoscope_dashboard.figures._palette import contrast
from tests.dashboard.figures_data import (
    Fed,
    columns,
    drawn,
    hovers,
    looks,
    named,
    words_on,
    written,
)

CELLS = [
    Cell(0, 0, "rows 4, columns 8", "forward", 9.0, "forward/vmap", "forward"),
    Cell(1, 0, "rows 16, columns 8", "forward", 1.2, "forward/vmap", "reverse"),
    Cell(0, 1, "rows 4, columns 32", "reverse", 3.0, "reverse/chunked/64", "reverse"),
    Cell(1, 1, "rows 16, columns 32", None, None, "tie", "reverse"),
]


def data(cells: list[Cell]) -> dict[str, Any]:
    return {"cells": cells, "across": ("rows", (4, 16)), "up": ("columns", (8, 32))}


def quads(figure: Any) -> Any:
    (found,) = [each for each in figure.renderers if "fastest" in each.data_source.data]
    return found


@pytest.mark.parametrize("dark", [False, True])
def test_the_further_ahead_the_stronger_the_color(dark: bool) -> None:
    figure = drawn(mode_map(data(CELLS), dark=dark))
    (far,), (near,), _, (tie,) = looks(quads(figure), "fill_color")
    assert far == palette(dark).forward
    assert contrast(near, palette(dark).background) < contrast(far, palette(dark).background)
    assert tie == palette(dark).grid


def test_cells_say_it_in_words() -> None:
    figure = drawn(mode_map(data(CELLS)))
    assert written(figure, "words") == [
        *("forward\n9×", "forward\n1.2×", "reverse\n3×", "tie"),
    ]
    assert words_on(figure.xaxis[0]) == ["4", "16"]
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("rows", "columns")
    assert set(hovers(figure)["Quad"].values()) == {"sizes", "fastest", "ahead", "rule"}


def test_what_the_rule_gets_wrong_has_a_heavy_border() -> None:
    boxes = columns(named(drawn(mode_map(data(CELLS))), "boxes"))
    assert (boxes["left"], boxes["right"]) == ([0.54], [1.46])
    assert boxes["width"] == [3.0]


def test_it_is_empty_and_fills() -> None:
    fed = Fed(mode_map, {"cells": [], "across": ("", ()), "up": ("", ())})
    assert written(fed.figure, "sentence") == ["No map yet"]
    fed.push(data(CELLS[:1]))
    assert columns(quads(fed.figure))["fastest"] == ["forward/vmap"]
    assert written(fed.figure, "sentence") == []
