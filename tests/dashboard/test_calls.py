"""What a number of calls takes in all: points, words, and the slider on the tab *Compare*."""

from __future__ import annotations

import pytest

import jacoscope as jsc
from jacoscope_dashboard.views._call_words import CALLS, cheapest, order_of_winners, total_points
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, in_front, rows, run, study, text


def test_points_are_the_studys_totals_of_winners_and_of_jaxs_own() -> None:
    slow = rows()[1].but(strategy="jax.jacrev", median_s=5e-3, compile_s=0.5)
    never = slow.but(strategy="reverse/map")
    found = jsc.Study(rows=(*rows(), slow, never))
    points = total_points(found)
    assert [point["strategy"] for point in points[:: len(CALLS)]] == [
        "reverse/vmap",
        "forward/vmap",
        "jax.jacrev",
    ]
    for point in points:
        assert point["total_s"] == found.total_s(point["strategy"], point["value"])
    # 0.07 s and 1 ms a call against 0.04 s and 3 ms a call
    assert {point["strategy"]: point["wins_from"] for point in points} == {
        "reverse/vmap": 1,
        "forward/vmap": 16,
        "jax.jacrev": None,
    }
    assert (
        order_of_winners(points)
        == "reverse/vmap takes the least time at first, from 16 calls forward/vmap."
    )


def test_one_winner_and_none() -> None:
    alone = jsc.Study(rows=(rows()[0],))
    said = order_of_winners(total_points(alone))
    assert said == "forward/vmap takes the least time for any number of calls."
    eager = jsc.Study(rows=(rows()[0].but(trace_s=None, lower_s=None, compile_s=None),))
    assert total_points(eager) == []
    assert cheapest(eager, 1) == ""


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        (1, "For 1 call <strong>reverse/vmap</strong> is cheapest: 43 ms in all, 40 ms of it"),
        (1000, "For 1,000 calls <strong>forward/vmap</strong> is cheapest: 1.07 s in all, 70 ms"),
    ],
)
def test_the_cheapest_in_words(calls: int, said: str) -> None:
    assert said in cheapest(study(), calls)


def test_the_slider_asks_for_another_number(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    run(explorer, page, runner, study())
    calls = in_front(explorer, page).calls
    page.until(lambda: calls.panel.visible)
    assert "For 1,000 calls <strong>forward/vmap</strong>" in text(explorer)
    calls.slider.value = 1
    assert "For 1 call <strong>reverse/vmap</strong>" in text(explorer)
    assert "from 16 calls forward/vmap" in text(explorer)
