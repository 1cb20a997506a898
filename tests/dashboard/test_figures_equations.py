"""The graph of the equations: where nodes stand, and what Bokeh draws."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from jacoscope_dashboard.figures import equations, palette, summary_equations
from jacoscope_dashboard.figures._layered import layered
from tests.dashboard.figures_data import Fed, columns, drawn, hovers, looks, written

X, W, DOT, SIN, MUL, Y = range(6)
EDGES = [(X, DOT), (W, DOT), (DOT, SIN), (X, MUL), (SIN, MUL), (MUL, Y)]


def node(kind: str, name: str, *reads: int, kept: int = 0) -> dict[str, Any]:
    reading = [(each, "f32[4]") for each in reads]
    text, source = f"a:f32[4] = {name}", "model.py:3"
    return {
        "kind": kind,
        "name": name,
        "text": text,
        "source": source,
        "kept": kept,
        "reads": reading,
    }


NODES = [
    node("input", "x"),
    node("constant", "f32[4,4]"),
    node("equation", "dot_general", X, W),
    node("equation", "sin", DOT, kept=16),
    node("equation", "mul", X, SIN, kept=32),
    node("output", "y", MUL),
]


def test_each_node_is_below_all_that_it_reads() -> None:
    laid = layered(6, EDGES, [Y])
    assert all(laid.places[a][1] < laid.places[b][1] for a, b in EDGES)
    assert [at for _, at in laid.places] == [0, 0, 1, 2, 3, 4]


def test_an_edge_over_layers_bends_in_each_and_keeps_clear_of_nodes() -> None:
    laid = layered(6, EDGES, [Y])
    route = laid.routes[EDGES.index((X, MUL))]
    assert [at for _, at in route] == [0, 1, 2, 3]
    for x, at in route[1:-1]:
        near = [abs(x - left) for left, layer in laid.places if layer == at]
        assert min(near) >= 0.6


@pytest.mark.parametrize("many", [2, 7])
def test_nodes_of_a_layer_never_touch(many: int) -> None:
    edges = [(0, each) for each in range(1, many + 1)] + [
        (each, many + 1) for each in range(1, many + 1)
    ]
    laid = layered(many + 2, edges)
    xs = sorted(x for x, at in laid.places if at == 1)
    assert all(b - a > 0.99 for a, b in pairwise(xs))
    assert laid.places[0][0] == pytest.approx(sum(xs) / many)
    assert laid.places[many + 1][0] == pytest.approx(sum(xs) / many)


def test_edges_that_need_not_cross_do_not() -> None:
    edges = [(0, 5), (1, 4), (2, 3)]
    places = layered(6, edges).places
    order = [sorted(row, key=lambda each: places[each][0]) for row in ((0, 1, 2), (3, 4, 5))]
    pairs = dict(edges)
    assert [pairs[each] for each in order[0]] == order[1]


def test_a_constant_draws_nobody_to_its_side() -> None:
    edges = [(0, 2), (1, 2), (2, 4), (3, 4)]
    places = layered(5, edges, light=[1, 3]).places
    xs = [places[each][0] for each in (0, 2, 4)]
    assert xs == pytest.approx([xs[0]] * 3, abs=1e-3)


def test_what_reads_nothing_stands_right_above_its_reader() -> None:
    places = layered(4, [(0, 1), (1, 3), (2, 3)]).places
    assert places[2][1] == places[3][1] - 1 == 1


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_kept_has_reverse_modes_color_and_says_so(dark: bool) -> None:
    figure = drawn(equations(NODES, dark=dark))
    assert written(figure, "words") == [
        *("x", "f32[4,4]", "dot_general", "sin\nkeeps 16 B", "mul\nkeeps 32 B", "y"),
    ]
    (boxes,) = [each for each in figure.renderers if "equation" in each.data_source.data]
    fills = looks(boxes, "fill_color")
    borders = [each for (each,) in looks(boxes, "line_color")]
    assert borders.count(palette(dark).reverse) == 2
    assert fills[0] == fills[1] != fills[2] != fills[3] == fills[4]
    assert set(hovers(figure)["Quad"].values()) == {"equation", "keeps", "line"}
    (strokes,) = [each for each in figure.renderers if each.name == "strokes"]
    assert len(columns(strokes)["xs"]) == len(EDGES)


def test_it_shrinks_and_grows() -> None:
    fed = Fed(equations, NODES)
    fed.push([node("input", "x"), node("output", "y", 0)])
    assert [each for each in written(fed.figure, "words") if each] == ["x", "y"]
    fed.push(NODES)
    assert len(written(fed.figure, "words")) == len(NODES)


def test_it_is_said_in_a_sentence() -> None:
    assert summary_equations(NODES) == (
        "3 equations, values flowing downwards; reverse mode keeps something of 2, most of mul,"
        " 32 B."
    )
    assert "keeps nothing" in summary_equations(NODES[:3])
