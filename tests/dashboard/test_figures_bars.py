"""Times, preparation and memory of strategies as Bokeh draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jacoscope_dashboard.figures import MARKERS, compile_times, kind_of, memory, palette, times
from tests.dashboard.figures_data import Fed, drawn, of_glyph, row, words_on

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


def markers(figure: Any) -> dict[str, dict[str, list[Any]]]:
    """The data of the points that there are, by marker."""
    found = [each for each in figure.renderers if type(each.glyph).__name__ == "Scatter"]
    return {
        each.glyph.marker: {key: list(value) for key, value in each.data_source.data.items()}
        for each in found
        if len(each.data_source.data["strategy"])
    }


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
    shown = markers(figure)
    assert shown[MARKERS["forward"]]["strategy"] == ["forward/vmap", "forward/map (tie)"]
    assert shown[MARKERS["reverse"]]["strategy"] == ["reverse/vmap"]
    assert shown[MARKERS["mixed"]]["strategy"] == ["hvp/forward_over_reverse (noisy)"]
    colors = {
        each.glyph.marker: each.glyph.fill_color
        for each in figure.renderers
        if type(each.glyph).__name__ == "Scatter"
    }
    assert colors == {MARKERS[k]: palette(dark=False).of(k) for k in MARKERS}
    assert [item.label.value for item in figure.legend[0].items] == ["forward", "reverse", "mixed"]


def test_whiskers_are_the_interval_and_else_the_quartiles():
    (lines,) = of_glyph(drawn(times(ROWS)), "Segment")
    (low, high) = [key for key in lines if key.startswith("time")]
    assert lines[low] == [9e-5, 1.9e-4]
    assert lines[high] == [1.1e-4, 2.2e-4]


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
    trace, lower, compiling = of_glyph(figure, "Quad")
    assert words_on(figure.yaxis[0]) == ["quick", "slow"]
    assert words_on(figure.yaxis[1]) == ["200 ms", "600 ms"]
    assert trace["left"] == [0.0, 0.0]
    assert lower["strategy"] == ["slow"]
    assert compiling["left"] == pytest.approx([0.1, 0.3])
    assert compiling["right"] == pytest.approx([0.2, 0.6])
    assert compiling["size"] == ["100 ms", "300 ms"]


def test_memory_is_stacked_with_the_peak_beside_it():
    figure = drawn(memory(SIZES))
    assert words_on(figure.yaxis[0]) == ["b", "a", "e", "c"]
    assert words_on(figure.yaxis[1]) == ["380 B\n◇ 2 kB", "1 kB", "40 kB", "unknown"]
    arguments, output, temporary, kept = of_glyph(figure, "Quad")
    assert arguments["size"] == ["100 B", "100 B"]
    assert output["size"] == ["200 B", "200 B", "40 kB"]
    assert temporary["right"] == [400.0, 1000.0]
    # What reverse mode keeps lies inside the temporary bytes.
    assert (kept["left"], kept["right"]) == ([300.0], [360.0])
    assert markers(figure)["diamond"]["memory"] == [2000.0]
    assert figure.title.text == "Measured peak unknown for 3 of 4"


def test_unknown_peaks_are_said_to_be_unknown():
    figure = drawn(memory(SIZES[:1]))
    assert figure.title.text == "Measured peak unknown"
    assert "measured peak" not in [item.label.value for item in figure.legend[0].items]


@pytest.mark.parametrize(("draw", "rows"), [(times, ROWS), (compile_times, ROWS), (memory, SIZES)])
def test_pushed_rows_replace_all_in_place(draw: Callable[..., Any], rows: Any):
    full = [each.but(trace_s=0.1, compile_s=1.0) for each in rows]
    fed = Fed(draw, [])
    models = [id(each) for each in fed.figure.renderers]
    assert "yet" in str([source["sentence"] for source in of_glyph(fed.figure, "Text")])
    lone, many = [fed.push(full[:n]).height for n in (1, len(full))]
    assert many > lone
    for given, dark in ((full[:1], True), ([], False), (full, True)):
        figure = fed.push(given, dark=dark)
        assert [id(each) for each in figure.renderers] == models
        assert figure.xaxis[0].axis_label_text_color == palette(dark).foreground
        assert bool(words_on(figure.yaxis[0])) == bool(given)
        assert figure.legend[0].visible == bool(given)
        assert len(figure.yaxis) == 2
    assert not any(source["sentence"] for source in of_glyph(fed.figure, "Text"))
