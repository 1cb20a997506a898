"""Time against memory as Bokeh draws it, its front, its words, and the code it leads to."""

from __future__ import annotations

import jacoscope as jsc
from jacoscope_dashboard.figures import MARKERS, palette, summary_tradeoff, tradeoff
from jacoscope_dashboard.figures._tradeoff import front, placed
from tests.dashboard.conftest import Open
from tests.dashboard.figures_data import (
    Fed,
    columns,
    drawn,
    hovers,
    looks,
    of_glyph,
    row,
    the,
    words_on,
)
from tests.dashboard.helpers import FakeRunner, Pump, in_front, run, study

ROWS = (
    row("forward/vmap", 1e-4, mode="forward", predicted_bytes=4_000),
    row("reverse/vmap", 2e-4, mode="reverse", predicted_bytes=9_000),
    row("reverse/chunked/8", 3e-4, mode="reverse", predicted_bytes=1_000),
    row("forward/map", 2e-3, mode="forward", predicted_bytes=500),
    row("forward/loop", 5e-3, mode="forward", predicted_bytes=500),
    row("mixed/colored", 1e-5),
    row("jax.jacrev", None, status="refused", predicted_bytes=10),
)


def test_the_front_is_what_nothing_beats() -> None:
    found = placed(ROWS)
    assert [each.strategy for _, _, each in found] == [
        "forward/vmap",
        "reverse/vmap",
        "reverse/chunked/8",
        "forward/map",
        "forward/loop",
    ]
    assert [each.strategy for _, _, each in front(found)] == [
        "forward/vmap",
        "reverse/chunked/8",
        "forward/map",
    ]


def test_points_the_staircase_and_the_names_of_the_front() -> None:
    figure = drawn(tradeoff(ROWS))
    points = columns(the(figure, "Scatter"))
    shown = dict(zip(points["strategy"], points["said"], strict=True))
    assert shown["reverse/vmap"] == "forward/vmap takes less of both"
    assert shown["forward/map"] == shown["forward/loop"] == "no way takes less of both"
    at = dict(
        zip(
            points["strategy"],
            zip(points["predicted memory"], points["median time"], strict=True),
            strict=True,
        )
    )
    assert at["reverse/chunked/8"] == (1_000, 3e-4)
    (data,) = of_glyph(figure, "MultiLine")
    assert data["xs"][0][1:] == [4_000, 4_000, 1_000, 1_000, 500, 500]
    assert data["ys"][0][:-1] == [1e-4, 1e-4, 3e-4, 3e-4, 2e-3, 2e-3]
    assert [xs[0] for xs in data["xs"][1:]] == [4_000, 1_000, 500]  # from a point to its name
    assert words_on(figure.yaxis[1]) == ["forward/vmap", "reverse/chunked/8", "forward/map"]
    assert hovers(figure)["Scatter"]["memory"] == "memory"
    kinds = dict(
        zip(points["strategy"], looks(the(figure, "Scatter"), "fill_color", "marker"), strict=True)
    )
    assert kinds["reverse/vmap"] == (palette(dark=False).reverse, MARKERS["reverse"])


def test_the_front_in_words() -> None:
    assert summary_tradeoff(ROWS) == (
        "From forward/vmap, the fastest, to forward/map, the smallest, memory falls to 0.125 and"
        " time grows to 20 times what it was; between them lies reverse/chunked/8."
    )
    assert summary_tradeoff(ROWS[:3]) == (
        "From forward/vmap, the fastest, to reverse/chunked/8, the smallest, memory falls to 0.25"
        " and time grows to 3 times what it was."
    )
    assert summary_tradeoff(ROWS[:2]) == "forward/vmap is the fastest and takes the least memory."
    assert summary_tradeoff(()) == "No way has both a time and a known memory yet."


def test_a_click_names_its_strategy_after_any_number_of_frames() -> None:
    clicked: list[str] = []
    fed = Fed(tradeoff, (), picked=clicked.append)
    figure = fed.push(ROWS, picked=clicked.append)
    source = the(figure, "Scatter").data_source
    source.selected.indices = [list(source.data["strategy"]).index("reverse/vmap")]
    source.selected.indices = []
    assert clicked == ["reverse/vmap"]


def test_on_the_page_it_leads_to_the_code(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    run(explorer, page, runner, study())
    view = in_front(explorer, page).tradeoff
    page.until(lambda: view.panel.visible)
    assert view.choice.options == ["forward/vmap", "reverse/vmap"]
    assert view.code.code == jsc.snippet("forward/vmap")
    view._pick("reverse/vmap")
    assert view.choice.value == "reverse/vmap"
    assert view.code.code == jsc.snippet("reverse/vmap")
    view._pick("reverse/loop")  # which was not measured
    assert view.choice.value == "reverse/vmap"
