"""Sweeps as Bokeh draws them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from jacoscope_dashboard.figures import palette, sweep_memory, sweep_times
from jacoscope_dashboard.figures._sweep import spread
from tests.dashboard.figures_data import Fed, drawn, of_glyph, point, words_on

POINTS = [
    point(64, "forward/vmap", 4e-5, low_s=3e-5, high_s=5e-5, predicted_bytes=4_000),
    point(4, "forward/vmap", 1e-5, predicted_bytes=1_000),
    point(4, "reverse/vmap", 2e-5, predicted_bytes=2_000),
    point(64, "reverse/vmap", None, predicted_bytes=9_000),
    point(0, "reverse/vmap", 1.0, predicted_bytes=1),
]


def test_lines_go_through_their_points_in_order():
    figure = drawn(sweep_times(POINTS))
    forward, reverse, mixed = of_glyph(figure, "MultiLine")
    assert [list(xs) for xs in forward["xs"]] == [[4, 64]]
    assert [list(ys) for ys in forward["ys"]] == [[1e-5, 4e-5]]
    assert [list(xs) for xs in reverse["xs"]] == [[4]]
    assert not mixed["xs"]
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
        return [d["median_time_low"] for d in of_glyph(figure, "Segment") if "median_time_low" in d]

    assert spans(drawn(sweep_times(POINTS))) == [[3e-5]]
    assert spans(drawn(sweep_memory(POINTS))) == []


@pytest.mark.parametrize("draw", [sweep_times, sweep_memory])
def test_zero_one_and_many_points_in_one_figure(draw: Callable[..., Any]):
    fed = Fed(draw, [])
    models = [id(each) for each in fed.figure.renderers]
    assert ["No sweep yet"] in [d.get("sentence") for d in of_glyph(fed.figure, "Text")]
    for given, dark in ((POINTS[:1], False), (POINTS, True), ([], True), (POINTS, False)):
        figure = fed.push(given, dark=dark)
        assert [id(each) for each in figure.renderers] == models
        assert figure.x_range.end > figure.x_range.start > 0
        assert figure.y_range.end > figure.y_range.start > 0
        assert figure.yaxis[0].axis_label_text_color == palette(dark).foreground
        for data in of_glyph(figure, "Scatter"):
            xs = next(iter(data.values()))
            assert all(figure.x_range.start < x < figure.x_range.end for x in xs)
    assert fed.figure.legend[0].visible


def test_names_keep_their_distance_and_their_order():
    wanted = [0.0, 0.01, 0.02, 3.0, 3.005, -2.0]
    moved = spread(wanted, 0.5)
    in_order = sorted(zip(wanted, moved, strict=True))
    assert all(b - a >= 0.5 - 1e-9 for (_, a), (_, b) in pairwise(in_order))
    assert moved[-1] == -2.0
    assert spread([], 1.0) == []
