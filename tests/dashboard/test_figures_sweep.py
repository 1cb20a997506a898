"""Sweeps as Bokeh draws them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress, pairwise
from typing import Any

import pytest

from jacoscope_dashboard.figures import (
    IDEAL,
    MARKERS,
    palette,
    sweep_memory,
    sweep_speed_up,
    sweep_times,
)
from jacoscope_dashboard.figures._palette import Kind
from jacoscope_dashboard.figures._sweep import spread
from tests.dashboard.figures_data import (
    Fed,
    columns,
    drawn,
    hovers,
    legend,
    looks,
    of_glyph,
    point,
    the,
    words_on,
    written,
)

POINTS = [
    point(64, "forward/vmap", 4e-5, low_s=3e-5, high_s=5e-5, predicted_bytes=4_000),
    point(4, "forward/vmap", 1e-5, predicted_bytes=1_000),
    point(4, "reverse/vmap", 2e-5, predicted_bytes=2_000),
    point(64, "reverse/vmap", None, predicted_bytes=9_000),
    point(0, "reverse/vmap", 1.0, predicted_bytes=1),
]


def lines(figure: Any, kind: Kind) -> dict[str, list[Any]]:
    """The data of the lines in the color of that kind."""
    (data,) = of_glyph(figure, "MultiLine")
    chosen = [ink == palette(dark=False).of(kind) for ink in data["ink"]]
    return {key: list(compress(column, chosen)) for key, column in data.items()}


def test_the_ideal_is_a_line_without_points():
    names = (("forward/vmap", 1.8), (IDEAL, 2.0))
    points = [
        {**point(count, name, None), "knob": "devices", "mode": None, "speed_up": speed}
        for name, most in names
        for count, speed in ((1, 1.0), (2, most))
    ]
    figure = drawn(sweep_speed_up(points))
    (data,) = of_glyph(figure, "MultiLine")
    assert [1.0, 2.0] in [list(ys) for ys in data["ys"]]
    assert set(legend(figure)) == {"forward"}
    assert figure.yaxis[0].axis_label == "times as fast as one device"


def test_lines_go_through_their_points_in_order():
    figure = drawn(sweep_times(POINTS))
    forward, reverse = (lines(figure, kind) for kind in ("forward", "reverse"))
    assert forward["xs"] == [[4, 64]]
    assert forward["ys"] == [[1e-5, 4e-5]]
    assert (forward["dash"], reverse["dash"]) == (["solid"], ["dashed"])
    assert reverse["xs"] == [[4]]
    assert not lines(figure, "mixed")["xs"]
    assert type(figure.x_scale).__name__ == type(figure.y_scale).__name__ == "LogScale"
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("Batch size", "median time")
    assert words_on(figure.xaxis[0]) == ["4", "64"]


def test_each_line_is_named_at_its_end():
    figure = drawn(sweep_memory(POINTS))
    named = dict(zip(words_on(figure.yaxis[1]), figure.yaxis[1].ticker.ticks, strict=True))
    assert named["forward/vmap"] == pytest.approx(4_000)
    assert named["reverse/vmap"] == pytest.approx(9_000)
    assert figure.yaxis[0].axis_label == "predicted memory"


def test_intervals_belong_to_times_only():
    def spans(figure: Any) -> list[Any]:
        (data,) = of_glyph(figure, "MultiLine")
        return [
            (*xs, *ys)
            for xs, ys in zip(data["xs"], data["ys"], strict=True)
            if len(set(xs)) < len(xs)
        ]

    assert spans(drawn(sweep_times(POINTS))) == [(64, 64, 3e-5, 5e-5)]
    assert spans(drawn(sweep_memory(POINTS))) == []


@pytest.mark.parametrize("dark", [False, True])
def test_each_point_has_the_color_and_the_marker_of_its_kind(dark: bool):
    figure = drawn(sweep_times([*POINTS, point(4, "hvp/forward_over_reverse", 3e-5)], dark=dark))
    points = the(figure, "Scatter")
    wanted = {kind: (palette(dark).of(kind), marker) for kind, marker in MARKERS.items()}
    shown = looks(points, "fill_color", "marker")
    heads = [name.partition("/")[0] for name in columns(points)["strategy"]]
    assert shown == [wanted["mixed" if head == "hvp" else head] for head in heads]
    assert legend(figure, "fill_color", "marker") == wanted
    assert hovers(figure)["Scatter"] == {
        "strategy": "strategy",
        "at": "at",
        "median time": "size",
    }
    assert columns(points)["at"][0] == "Batch size 4"
    assert figure.renderers[-1] is points  # over the lines


@pytest.mark.parametrize("draw", [sweep_times, sweep_memory])
def test_zero_one_and_many_points_in_one_figure(draw: Callable[..., Any]):
    fed = Fed(draw, [])
    models = [id(each) for each in fed.figure.renderers]
    assert written(fed.figure, "sentence") == ["No sweep yet"]
    for given, dark in ((POINTS[:1], False), (POINTS, True), ([], True), (POINTS, False)):
        figure = fed.push(given, dark=dark)
        assert [id(each) for each in figure.renderers] == models
        assert figure.x_range.end > figure.x_range.start > 0
        assert figure.y_range.end > figure.y_range.start > 0
        assert figure.yaxis[0].axis_label_text_color == palette(dark).foreground
        assert bool(written(figure, "sentence")) == (not given)
        for data in of_glyph(figure, "Scatter"):
            xs = next(iter(data.values()))
            assert all(figure.x_range.start < x < figure.x_range.end for x in xs)
    assert list(legend(fed.figure)) == ["forward", "reverse"]


def test_names_keep_their_distance_and_their_order():
    wanted = [0.0, 0.01, 0.02, 3.0, 3.005, -2.0]
    moved = spread(wanted, 0.5)
    in_order = sorted(zip(wanted, moved, strict=True))
    assert all(b - a >= 0.5 - 1e-9 for (_, a), (_, b) in pairwise(in_order))
    assert moved[-1] == -2.0
    assert spread([], 1.0) == []
