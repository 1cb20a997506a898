"""Times, preparation and memory of strategies as Bokeh draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jacoscope_dashboard.figures import MARKERS, compile_times, kind_of, memory, palette, times
from tests.dashboard.figures_data import (
    Fed,
    columns,
    drawn,
    hovers,
    legend,
    looks,
    named,
    of_glyph,
    row,
    the,
    words_on,
)

ROWS = (
    row("reverse/vmap", 2e-4, mode="reverse", q25_s=1.9e-4, q75_s=2.2e-4),
    row("forward/vmap", 1e-4, mode="forward", low_s=9e-5, high_s=1.1e-4, q25_s=1e-5, q75_s=1e-3),
    row("hvp/forward_over_reverse", 3e-4, noisy=True),
    row("forward/map", 1.05e-4, mode="forward", tie=True),
    row("forward/loop", None, mode="forward", status="unsupported"),
    row("jax.jacrev", 5e-5, status="timed_out"),
)
SIZES = (
    row("a", argument_bytes=100, output_bytes=200, temp_bytes=700, predicted_bytes=1000),
    row(
        "b",
        argument_bytes=100,
        output_bytes=200,
        temp_bytes=100,
        predicted_bytes=380,
        residual_bytes=60,
        peak_bytes=2000,
    ),
    row("c"),
    row("d", status="crashed"),
    row("e", status="refused", output_bytes=40_000, predicted_bytes=40_000),
)


def by_strategy(figure: Any) -> dict[str, tuple[Any, ...]]:
    """Color and marker of each strategy's point, the names without notes."""
    points = the(figure, "Scatter")
    names = [name.partition(" ")[0] for name in columns(points)["strategy"]]
    return dict(zip(names, looks(points, "fill_color", "marker"), strict=True))


def kinds(dark: bool = False) -> dict[str, tuple[str, str]]:
    """Color and marker of each kind."""
    return {kind: (palette(dark).of(kind), marker) for kind, marker in MARKERS.items()}


def test_times_are_sorted_and_what_was_not_measured_is_left_out():
    figure = drawn(times(ROWS))
    assert words_on(figure.yaxis[0]) == [
        "forward/vmap",
        "forward/map (tie)",
        "reverse/vmap",
        "hvp/\nforward_over_reverse (noisy)",
    ]
    assert words_on(figure.yaxis[1]) == ["100 µs", "105 µs", "200 µs", "300 µs"]
    assert figure.y_range.start > figure.y_range.end  # the fastest on top
    assert figure.x_range.start < 9e-5
    assert figure.x_range.end > 3e-4


@pytest.mark.parametrize("draw", [times, compile_times, memory])
def test_numbers_give_way_on_a_narrow_page_and_names_do_not(draw: Callable[..., Any]):
    figure = drawn(draw([each.but(compile_s=1.0) for each in ROWS]))
    assert type(figure.xaxis[0].major_label_policy).__name__ == "NoOverlap"
    assert type(figure.yaxis[0].major_label_policy).__name__ == "AllLabels"
    assert type(figure.yaxis[1].major_label_policy).__name__ == "AllLabels"


def test_each_kind_has_its_color_and_its_marker():
    figure = drawn(times(ROWS))
    assert by_strategy(figure) == {
        "forward/vmap": kinds()["forward"],
        "forward/map": kinds()["forward"],
        "reverse/vmap": kinds()["reverse"],
        "hvp/forward_over_reverse": kinds()["mixed"],
    }
    assert legend(figure, "fill_color", "marker") == kinds()
    assert list(legend(figure)) == ["forward", "reverse", "mixed"]


def test_points_lie_on_their_intervals_and_say_what_they_are():
    figure = drawn(times([row("a", 2e-4, low_s=1e-4, high_s=3e-4, samples=31)]))
    lines, points = figure.renderers
    assert type(lines.glyph).__name__ == "MultiLine"
    assert looks(lines, "line_color", "line_alpha", "line_width") == [
        (palette(dark=False).foreground, 0.55, 2)
    ]
    assert looks(points, "line_color", "size") == [(palette(dark=False).background, 11)]
    data = columns(points)
    said = {label: data[column] for label, column in hovers(figure)["Scatter"].items()}
    assert said == {
        "strategy": ["a"],
        "median": ["200 µs"],
        "interval": ["100 µs – 300 µs"],
        "samples": ["31"],
    }


def test_kinds_that_come_and_go_keep_color_marker_and_legend():
    fed = Fed(times, [])
    glyph = the(fed.figure, "Scatter").glyph
    forward, reverse, mixed = ROWS[1], ROWS[0], ROWS[2]
    for given in ([reverse], [reverse, reverse], [mixed, forward, reverse], [], [forward]):
        for dark in (False, True):
            figure = fed.push(given, dark=dark)
            wanted = {
                each.strategy: kinds(dark)[kind_of(each.strategy, each.mode)] for each in given
            }
            assert by_strategy(figure) == wanted
            assert set(legend(figure, "fill_color", "marker").values()) == set(wanted.values())
            assert the(figure, "Scatter").glyph is glyph
            # Bokeh makes no colors of an empty column of numbers.
            ink = the(figure, "Scatter").data_source.data["ink"]
            assert isinstance(ink, list) or ink.dtype.kind == "O"


def test_whiskers_are_the_interval_and_else_the_quartiles():
    (lines,) = of_glyph(drawn(times(ROWS)), "MultiLine")
    assert lines["xs"] == [[9e-5, 1.1e-4], [1.9e-4, 2.2e-4]]
    assert lines["ys"] == [[0, 0], [2, 2]]


@pytest.mark.parametrize(
    ("strategy", "mode", "kind"),
    [
        ("forward/vmap", "forward", "forward"),
        ("jax.jacfwd", None, "forward"),
        ("jax.jacrev", None, "reverse"),
        ("linearize/vmap", None, "forward"),
        ("jax.hessian", None, "mixed"),
        ("hvp/reverse_over_reverse", None, "mixed"),
    ],
)
def test_kinds(strategy: str, mode: str | None, kind: str):
    assert kind_of(strategy, mode) == kind


def test_preparation_is_stacked_from_zero():
    rows = [
        row("slow", trace_s=0.1, lower_s=0.2, compile_s=0.3),
        row("quick", trace_s=0.1, lower_s=None, compile_s=0.1),
        row("never"),
    ]
    figure = drawn(compile_times(rows))
    parts = by_part(figure)
    assert words_on(figure.yaxis[0]) == ["quick", "slow"]
    assert words_on(figure.yaxis[1]) == ["200 ms", "600 ms"]
    assert parts["trace"]["left"] == [0.0, 0.0]
    assert parts["lower"]["strategy"] == ["slow"]
    assert parts["compile"]["left"] == pytest.approx([0.1, 0.3])
    assert parts["compile"]["right"] == pytest.approx([0.2, 0.6])
    assert parts["compile"]["size"] == ["100 ms", "300 ms"]
    assert hovers(figure)["Quad"] == {each: each for each in ("strategy", "part", "size")}


@pytest.mark.parametrize("dark", [False, True])
def test_each_part_has_its_color(dark: bool):
    rows = [row("a", trace_s=0.1, lower_s=0.2, compile_s=0.3), row("b", trace_s=1.0, compile_s=2.0)]
    figure = drawn(compile_times(rows, dark=dark))
    names = ("trace", "lower", "compile")
    colors = {name: (color,) for name, color in zip(names, palette(dark).parts, strict=True)}
    boxes = the(figure, "Quad")
    assert looks(boxes, "fill_color") == [colors[name] for name in columns(boxes)["part"]]
    assert legend(figure, "fill_color") == colors
    assert list(legend(figure)) == list(names)


def test_a_part_that_nothing_is_known_of_is_not_in_the_legend():
    assert list(legend(drawn(compile_times([row("a", compile_s=1.0)])))) == ["compile"]


def test_memory_is_stacked_with_the_peak_beside_it():
    figure = drawn(memory(SIZES))
    assert words_on(figure.yaxis[0]) == ["b", "a", "e", "c"]
    assert words_on(figure.yaxis[1]) == ["380 B\n◇ 2 kB", "1 kB", "40 kB", "unknown"]
    parts = by_part(figure)
    assert parts["arguments"]["size"] == ["100 B", "100 B"]
    assert parts["output"]["size"] == ["200 B", "200 B", "40 kB"]
    assert parts["temporary"]["right"] == [400.0, 1000.0]
    # What reverse mode keeps lies inside the temporary bytes, and is drawn after them.
    kept = parts["kept for reverse"]
    assert (kept["left"], kept["right"]) == ([300.0], [360.0])
    assert -0.34 < kept["bottom"][0] < kept["top"][0] < 0.34
    assert columns(the(figure, "Quad"))["part"][-1] == "kept for reverse"
    assert figure.title.text == "Measured peak unknown for 3 of 4"


def test_what_reverse_mode_keeps_is_marked_within_the_temporary_bytes():
    sizes = {"argument_bytes": 10, "output_bytes": 20, "temp_bytes": 30, "predicted_bytes": 60}
    kept = by_part(drawn(memory([row("a", residual_bytes=70, **sizes)])))["kept for reverse"]
    assert (kept["left"], kept["right"], kept["size"]) == ([30.0], [60.0], ["70 B"])


@pytest.mark.parametrize("dark", [False, True])
def test_the_peak_is_a_diamond_over_the_boxes(dark: bool):
    figure = drawn(memory(SIZES, dark=dark))
    colors = palette(dark)
    boxes, peaks = figure.renderers
    assert type(boxes.glyph).__name__ == "Quad"
    assert looks(peaks, "x", "y", "marker", "fill_color", "line_color") == [
        (2000.0, 0.0, "diamond", colors.background, colors.foreground)
    ]
    assert hovers(figure)["Scatter"] == {
        "strategy": "strategy",
        "measured peak": "peak",
        "predicted": "predicted",
    }
    assert columns(peaks)["peak"] == ["2 kB"]
    assert legend(figure, "fill_color", "line_color") == {
        **{
            name: (color, colors.background)
            for name, color in zip(("arguments", "output", "temporary"), colors.parts, strict=True)
        },
        "kept for reverse": (colors.foreground, colors.background),
        "measured peak": (colors.background, colors.foreground),
    }


def test_unknown_peaks_are_said_to_be_unknown():
    figure = drawn(memory(SIZES[:1]))
    assert figure.title.text == "Measured peak unknown"
    assert list(legend(figure)) == ["arguments", "output", "temporary"]


@pytest.mark.parametrize(("draw", "rows"), [(times, ROWS), (compile_times, ROWS), (memory, SIZES)])
def test_pushed_rows_replace_all_in_place(draw: Callable[..., Any], rows: Any):
    full = [each.but(trace_s=0.1, compile_s=1.0) for each in rows]
    fed = Fed(draw, [])
    models = [id(each) for each in fed.figure.renderers]
    tools = [id(each) for each in fed.figure.toolbar.tools]
    assert "yet" in sentence(fed.figure)
    lone, many = [fed.push(full[:n]).height for n in (1, len(full))]
    assert many > lone
    for given, dark in ((full[:1], True), ([], False), (full, True)):
        figure = fed.push(given, dark=dark)
        assert [id(each) for each in figure.renderers] == models
        assert [id(each) for each in figure.toolbar.tools] == tools
        assert bool(sentence(figure)) == (not given)
        assert figure.xaxis[0].axis_label_text_color == palette(dark).foreground
        assert bool(words_on(figure.yaxis[0])) == bool(given)
        assert bool(legend(figure)) == bool(given)
        assert len(figure.yaxis) == 2


@pytest.mark.parametrize(("draw", "rows"), [(times, ROWS), (compile_times, ROWS), (memory, SIZES)])
def test_a_full_figure_is_emptied_and_filled_again(draw: Callable[..., Any], rows: Any):
    full = [each.but(trace_s=0.1, compile_s=1.0) for each in rows]
    fed = Fed(draw, full)
    before = [columns(each) for each in fed.figure.renderers], legend(fed.figure)
    assert "yet" in sentence(fed.push([]))
    figure = fed.push(full)
    assert sentence(figure) == ""
    shown = [each for each in figure.renderers if each.name != "sentence"]
    assert ([columns(each) for each in shown], legend(figure)) == before


def test_a_sentence_stands_in_the_middle():
    figure = drawn(times([]))
    data = columns(named(figure, "sentence"))
    (x,), (y,) = data["x"], data["y"]
    assert x == pytest.approx((figure.x_range.start * figure.x_range.end) ** 0.5)  # as logarithms
    assert y == pytest.approx(0.0)
    assert data["ink"] == [palette(dark=False).muted]


def by_part(figure: Any) -> dict[str, dict[str, list[Any]]]:
    """The data of the boxes, by part."""
    data = columns(the(figure, "Quad"))
    return {
        name: {
            key: [value for value, part in zip(column, data["part"], strict=True) if part == name]
            for key, column in data.items()
        }
        for name in data["part"]
    }


def sentence(figure: Any) -> str:
    """What is written into a figure."""
    found = [each for each in figure.renderers if each.name == "sentence"]
    return "".join(word for each in found for word in columns(each)["text"])
