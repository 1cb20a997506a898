"""The heatmap as Bokeh draws it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bokeh.models import HoverTool

from jacoscope_dashboard.figures import Filled, heatmap, palette
from jacoscope_dashboard.figures._palette import contrast, diverging
from tests.dashboard.figures_data import (
    Fed,
    columns,
    drawn,
    named,
    numbered,
    picture,
    words_on,
    written,
)


def image_of(figure: Any) -> Any:
    return figure.renderers[0]


def image(figure: Any) -> np.ndarray:
    return image_of(figure).data_source.data["image"][0]


def mapper(figure: Any) -> Any:
    return image_of(figure).glyph.color_mapper


def cells(figure: Any) -> Any:
    (tool,) = [t for t in figure.toolbar.tools if isinstance(t, HoverTool)]
    return tool


def test_first_entry_is_drawn_top_left():
    values = numbered(4, 3)
    figure = drawn(heatmap(picture(values)))
    data = image_of(figure).data_source.data
    # Bokeh draws image[0] at y, and the y axis ends, at the top, at the smaller y.
    np.testing.assert_array_equal(image(figure), values)
    assert (data["x"], data["y"], data["dw"], data["dh"]) == ([-0.5], [-0.5], [3.0], [4.0])
    assert (figure.x_range.start, figure.x_range.end) == (-0.5, 2.5)
    assert (figure.y_range.start, figure.y_range.end) == (3.5, -0.5)
    assert image(figure).dtype == np.float32


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_scale_is_symmetric_and_zero_is_neutral(log: bool, dark: bool):
    figure = drawn(heatmap(picture([[0.0, 1.0], [-8.0, 1e-5]]), log=log, dark=dark))
    assert mapper(figure).low == -mapper(figure).high
    colors = mapper(figure).palette
    assert len(colors) % 2 == 1
    assert colors[len(colors) // 2] == palette(dark).anchors[3]
    assert image(figure)[0, 0] == 0
    assert image(figure)[1, 0] == pytest.approx(mapper(figure).low)


def test_log_scale_tells_small_values_apart_and_keeps_signs():
    values = np.array([[1e-4, -1e-4, 1.0, -1.0]], np.float32)
    shades = image(drawn(heatmap(picture(values), log=True)))[0]
    assert np.all(np.sign(shades) == np.sign(values[0]))
    assert abs(shades[0]) > 0.05 * abs(shades[2])


def test_color_bar_of_the_log_scale_names_values():
    figure = drawn(heatmap(picture([[1e-3, -1.0, 100.0]]), log=True))
    bar = figure.right[0]
    words = dict(zip(bar.ticker.ticks, words_on(bar), strict=True))
    assert words[0.0] == "0"
    top = max(words)
    assert (words[top], words[-top]) == ("100", "−100")
    assert top == pytest.approx(mapper(figure).high)


def test_hover_names_both_paths_and_the_exact_value():
    values = np.array([[1e-3, -1.0, 100.0], [0.25, 0.0, 7.0]], np.float32)
    tool = cells(drawn(heatmap(picture(values), log=True)))
    assert [name for name, _ in tool.tooltips] == ["output", "input", "value"]
    assert tool.formatters["$y"].args["labels"] == ["y[0]", "y[1]"]
    assert tool.formatters["$x"].args["labels"] == ["W[0]", "W[1]", "W[2]"]
    np.testing.assert_array_equal(tool.formatters["@image"].args["values"], values)
    assert "safe" not in str(tool.tooltips)


def test_linear_image_is_the_values_and_nothing_is_sent_twice():
    tool = cells(drawn(heatmap(picture(numbered(3, 5)))))
    assert tool.formatters["@image"].args["values"] is None


def test_reduced_matrix_covers_the_full_indices():
    names = [f"W[{4 * j}] … W[{min(4 * j + 3, 9)}]" for j in range(3)]
    figure = drawn(heatmap(picture(numbered(2, 3), n_in=10, reduced=True, column_labels=names)))
    assert figure.x_range.end == 9.5
    assert image_of(figure).data_source.data["dw"] == [12.0]  # the last cell is cut by the range
    assert cells(figure).formatters["$x"].args["cell"] == 4


@pytest.mark.parametrize("dark", [False, True])
def test_nan_and_infinities_have_colors_of_their_own(dark: bool):
    figure = drawn(heatmap(picture([[np.nan, np.inf], [-np.inf, 3.0]]), dark=dark))
    special = mapper(figure)
    assert special.nan_color == palette(dark).nan
    assert special.low_color == special.high_color == palette(dark).inf
    assert special.high == 3.0
    assert not {special.nan_color, special.high_color} & set(special.palette)
    assert figure.title.text == "Not finite: 1 NaN (amber), 2 infinite (red)"


def test_values_stand_in_small_matrices_only():
    words = columns(named(drawn(heatmap(picture([[0.123456, -2.0]]))), "words"))
    assert words["text"] == ["0.123", "−2"]
    assert (words["x"], words["y"]) == ([0, 1], [0, 0])
    assert not columns(named(drawn(heatmap(picture(numbered(13, 2)))), "words"))["text"]


@pytest.mark.parametrize(
    ("columns_", "value", "words"),
    [
        (3, 0.000172345, "0.000172"),
        (8, 0.000172345, "0.00017"),
        (8, 0.25, "0.25"),
        (12, -0.0017, None),
    ],
)
def test_values_are_written_with_the_digits_that_fit(
    columns_: int, value: float, words: str | None
) -> None:
    figure = drawn(heatmap(picture(np.full((4, columns_), value))))
    written = columns(named(figure, "words"))["text"]
    assert set(written) == ({words} if words else set())


@pytest.mark.parametrize("dark", [False, True])
def test_values_are_readable_on_their_cells(dark: bool):
    values = np.linspace(-1, 1, 96).reshape(12, 8)
    figure = drawn(heatmap(picture(values), dark=dark))
    inks = columns(named(figure, "words"))["ink"]
    colors = diverging(dark)
    for value, ink in zip(values.ravel(), inks, strict=True):
        assert contrast(ink, colors[round((value + 1) / 2 * 254)]) >= 4.5


def test_axes_name_few_paths_many_blocks_and_else_count():
    few = drawn(heatmap(picture(numbered(4, 3))))
    assert words_on(few.xaxis[0]) == ["W[0]", "W[1]", "W[2]"]
    assert words_on(few.yaxis[0]) == ["y[0]", "y[1]", "y[2]", "y[3]"]
    assert few.xaxis[0].axis_label == "inputs, x"
    assert few.yaxis[0].axis_label == "outputs, f(x)"

    many = drawn(heatmap(picture(numbered(40, 30), column_blocks=[["W", 0, 20], ["b", 20, 30]])))
    assert words_on(many.xaxis[0]) == ["W", "b"]
    assert list(many.xaxis[0].ticker.ticks) == [9.5, 24.5]
    assert words_on(many.yaxis[0]) == []


def test_blocks_have_borders():
    blocks = {"column_blocks": [["W", 0, 2], ["b", 2, 3]], "row_blocks": [["a", 0, 1], ["c", 1, 4]]}
    lines = columns(named(drawn(heatmap(picture(numbered(4, 3), **blocks))), "boxes"))
    assert (lines["left"], lines["right"]) == ([1.5, -0.5], [1.5, 2.5])
    assert (lines["top"], lines["bottom"]) == ([-0.5, 0.5], [3.5, 0.5])


def test_player_shows_what_is_known_and_borders_the_last_columns():
    figure = drawn(heatmap(picture(numbered(4, 3)), filled=Filled.to("columns", 1, 2)))
    np.testing.assert_array_equal(image(figure), numbered(4, 3)[:, :2])
    assert mapper(figure).high == 7.0  # of the whole matrix: colors stay while it fills
    boxes = columns(named(figure, "boxes"))
    last = -1
    ends = [boxes[side][last] for side in ("left", "top", "right", "bottom")]
    assert ends == [0.5, -0.5, 1.5, 3.5]
    assert boxes["line"][last] == palette(dark=False).forward
    assert any(color is not None for color in boxes["hatch"])  # what is not known yet
    strip = [fill for fill in boxes["fill"] if fill is not None]
    assert strip.count(palette(dark=False).forward) == 1
    words = columns(named(figure, "words"))
    assert words["text"][-3:] == ["0", "1", "0"]
    assert all(y < -0.5 for y in words["y"][-3:])
    assert figure.y_range.end < -0.5


def by_color(passes: int) -> Filled:
    """Three columns in two colors: the first and the last in one, and the middle one."""
    groups = np.array([[1, 2, 0], [0, 2, 1], [1, 0, 1]])
    last = ((0, 1), (2, 3)) if passes == 1 else ((1, 2),)
    return Filled("columns", last, 0, groups <= passes)


def test_player_by_color_fills_columns_that_lie_apart():
    values = np.array([[1, 2, 0], [0, -3, 4], [5, 0, 6]], np.float32)
    figure = drawn(heatmap(picture(values), filled=by_color(1)))
    shown = image(figure)
    assert np.isneginf(shown[:2, 1]).all()
    assert shown[2, 1] == 0  # known to be zero before any pass
    np.testing.assert_array_equal(shown[:, [0, 2]], values[:, [0, 2]])
    colors = palette(dark=False)
    assert mapper(figure).low_color == colors.grid
    boxes = columns(named(figure, "boxes"))
    marked = [i for i, width in enumerate(boxes["width"]) if width == 3.0]
    assert [(boxes["left"][i], boxes["right"][i]) for i in marked] == [(-0.5, 0.5), (1.5, 2.5)]
    assert written(figure, "words")[-3:] == ["1", "0", "1"]
    assert not any(boxes["hatch"])


def test_infinities_keep_their_color_while_colors_fill():
    values = np.array([[-np.inf, 2, 0], [0, 3, 4], [5, 0, 6]], np.float32)
    fed = Fed(heatmap, picture(values), filled=by_color(1))
    assert np.isposinf(image(fed.figure)[0, 0])
    assert mapper(fed.figure).high_color == palette(dark=False).inf
    fed.push(picture(values))
    assert np.isneginf(image(fed.figure)[0, 0])
    assert mapper(fed.figure).low_color == palette(dark=False).inf


def test_player_in_reverse_fills_rows():
    figure = drawn(heatmap(picture(numbered(4, 3)), filled=Filled.to("rows", 2, 4)))
    np.testing.assert_array_equal(image(figure), numbered(4, 3))
    boxes = columns(named(figure, "boxes"))
    assert not any(boxes["hatch"])
    assert boxes["line"][-1] == palette(dark=False).reverse
    assert [boxes[side][-1] for side in ("left", "top", "right", "bottom")] == [-0.5, 1.5, 2.5, 3.5]
    assert figure.x_range.start < -0.5


def test_player_at_its_start_shows_nothing():
    figure = drawn(heatmap(picture(numbered(4, 3)), filled=Filled.to("columns", 0, 0)))
    data = image_of(figure).data_source.data
    assert data["x"][0] + data["dw"][0] < figure.x_range.start
    assert not written(figure, "words")


def test_player_on_a_reduced_matrix_fills_whole_cells():
    full = picture(numbered(2, 3), n_in=10, reduced=True)
    assert image(drawn(heatmap(full, filled=Filled.to("columns", 6, 7)))).shape == (2, 1)
    assert image(drawn(heatmap(full, filled=Filled.to("columns", 9, 10)))).shape == (2, 3)


def test_pushed_pictures_replace_all_in_place():
    fed = Fed(heatmap, picture(numbered(4, 3)))
    models = [id(each) for each in fed.figure.renderers]
    tools = [id(each) for each in fed.figure.toolbar.tools]
    bar = fed.figure.right[0]
    kept = (mapper(fed.figure), bar, bar.ticker, bar.formatter)
    wide = numbered(1, 40)
    cases: list[tuple[Any, dict[str, Any]]] = [
        (np.random.default_rng(0).normal(size=(512, 512)), {"log": True}),
        (wide, {"dark": True, "filled": Filled.to("columns", 8, 16)}),
        (numbered(4, 3), {}),
        (np.zeros((0, 3)), {}),
        (np.zeros((3, 0)), {"dark": True}),
        (np.zeros((1, 1)), {}),
    ]
    for values, options in cases:
        figure = fed.push(picture(values), **options)
        assert [id(each) for each in figure.renderers] == models
        assert [id(each) for each in figure.toolbar.tools] == tools
        assert figure.x_range.end == max(1, values.shape[1]) - 0.5
        assert figure.y_range.start == max(1, values.shape[0]) - 0.5
        assert mapper(figure).palette == list(diverging(options.get("dark", False)))
        now = (mapper(figure), figure.right[0], bar.ticker, bar.formatter)
        assert all(a is b for a, b in zip(now, kept, strict=True))
        assert max(bar.ticker.ticks) <= mapper(figure).high
    fed.push(picture(wide), dark=True)
    assert words_on(fed.figure.xaxis[0]) == []
    assert mapper(fed.figure).high == 35.0
    assert words_on(bar) == ["−30", "−20", "−10", "0", "10", "20", "30"]
    assert fed.figure.xaxis[0].axis_label_text_color == palette(dark=True).foreground


def test_a_zoom_lasts_while_the_player_plays():
    fed = Fed(heatmap, picture(numbered(40, 40)), filled=Filled.to("columns", 0, 1))
    fed.figure.x_range.start = 7.25
    assert (
        fed.push(picture(numbered(40, 40)), filled=Filled.to("columns", 1, 2)).x_range.start == 7.25
    )
    assert fed.push(picture(numbered(40, 20))).x_range.start == -0.5


def test_no_text_of_the_user_is_read_as_tex():
    figure = drawn(heatmap(picture(numbered(1, 1), x_path="$$x$$", row_labels=[r"\(y\)"])))
    assert "$$" not in figure.xaxis[0].axis_label
    assert r"\(" not in words_on(figure.yaxis[0])[0]


def test_page_background_shows_and_no_wheel_zoom():
    figure = drawn(heatmap(picture(numbered(2, 2))))
    assert figure.background_fill_color is None
    assert figure.border_fill_color is None
    names = {type(tool).__name__ for tool in figure.toolbar.tools}
    assert names == {"HoverTool", "BoxZoomTool", "ResetTool", "SaveTool", "CustomAction"}
    assert figure.sizing_mode == "stretch_width"
