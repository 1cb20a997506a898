"""The Explorer without a browser: widgets, tabs, what it says, settings, code and study."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacoscope as jsc
from jacoscope.run import Outcome
from jacoscope_dashboard import Explorer, explore
from jacoscope_dashboard._fields import Field
from jacoscope_dashboard.figures import Filled
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import (
    DEVICES,
    PREDICTED,
    FakeRunner,
    Pump,
    finished,
    in_front,
    rows,
    run,
    study,
    text,
)


def widgets(explorer: Explorer) -> dict[str, Any]:
    """Label → widget, of those that are visible in the drawer."""
    found: list[Any] = explorer.controls.drawer.select(
        lambda each: bool(getattr(each, "label", ""))
    )
    return {each.label: each for each in found if each.visible}


def open_more(explorer: Explorer) -> dict[str, Any]:
    explorer.controls.more.active = [0]
    return widgets(explorer)


def test_first_sight(opened: Open) -> None:
    explorer = opened()
    assert list(widgets(explorer)) == [
        "Problem", "Batch size", "Mode", "Batching", "Device", "Run", "Cancel",
    ]  # fmt: skip
    assert "4 VJPs against 3 JVPs" in text(explorer)
    assert explorer.study is None


def test_more_is_built_when_it_is_opened(opened: Open) -> None:
    explorer = opened()
    assert {
        "Features", "With respect to", "dtype", "Seed", "Quantity", "Chunk size", "Vectors",
        "Memory limit", "Time limit", "Reset",
    } <= set(open_more(explorer))  # fmt: skip


def test_controls_change_the_experiment_and_follow_it(opened: Open, page: Pump) -> None:
    explorer = opened()
    shown = open_more(explorer)
    shown["Batch size"].value = "256"
    shown["Mode"].value = "reverse"
    shown["Device"].value = DEVICES[1]
    shown["Memory limit"].value = "2GB"
    settings = explorer.settings()
    assert settings["knobs"]["batch"] == 256
    assert (settings["mode"], settings["device"]) == ("reverse", "cpu:1")
    assert settings["memory_limit"] == "2GB"
    shown["Reset"].clicks += 1
    assert shown["Batch size"].value == "4"
    assert shown["Device"].value == "cpu:0"
    assert explorer.settings()["device"] is None
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert "4 VJPs against 3 JVPs" in text(explorer)


def test_all_devices_can_be_chosen_where_there_are_several(opened: Open) -> None:
    explorer = opened()
    shown = open_more(explorer)
    assert shown["Device"].options == {"cpu:0": "cpu:0", "cpu:1": "cpu:1", "All 2": "all"}
    shown["Device"].value = "all"
    assert explorer.settings()["device"] == "all"
    again = opened(query="device=all")
    assert open_more(again)["Device"].value == "all"
    assert list(open_more(again)["Device"].options.values()).count("all") == 1


def test_another_problem_brings_its_own_first_knob(opened: Open) -> None:
    explorer = opened()
    widgets(explorer)["Problem"].value = "square_mlp"
    assert "Width" in widgets(explorer)
    assert "Batch size" not in widgets(explorer)
    explorer.experiment.problem = "logistic_regression"
    assert "Batch size" in widgets(explorer)


def test_order_takes_the_place_of_mode_for_an_hvp(opened: Open) -> None:
    explorer = opened()
    explorer.experiment.quantity = "hvp"
    assert "Order" in widgets(explorer)
    assert "Mode" not in widgets(explorer)


@pytest.mark.parametrize("typed", ["²", "0", "999999999", "", "four", "<b>4</b>"])
def test_a_field_marks_what_it_can_not_read_and_changes_nothing(opened: Open, typed: str) -> None:
    explorer = opened()
    field = widgets(explorer)["Batch size"]
    field.value = typed
    assert field.error_state
    assert field.helper_text
    assert explorer.settings()["knobs"]["batch"] == 4
    field.value = "8"
    assert not field.error_state
    assert explorer.settings()["knobs"]["batch"] == 8


def test_a_field_can_be_emptied_only_where_that_means_something() -> None:
    taken: list[Any] = []
    field = Field("Chunk size", read=int, get=lambda: 4, put=taken.append, empty="Automatic")
    field.widget.value = ""
    assert taken == [None]


def test_player_builds_by_columns_or_by_rows(opened: Open, page: Pump) -> None:
    explorer = opened()
    view = explorer._jacobian
    assert (view.player.end, view.player.value, view.filled) == (3, 3, None)
    view.player.value = 0
    assert view.filled == Filled.to("columns", 0, 0)
    view.player.value = 2
    assert view.filled == Filled.to("columns", 1, 2)
    explorer.experiment.mode = "reverse"
    page.until(lambda: view.player.end == 4)
    view.player.value = 1
    assert view.filled == Filled.to("rows", 0, 1)


def test_player_stops_at_the_end(opened: Open) -> None:
    player = opened()._jacobian.player
    player.value = 1
    player.direction = 1
    player.value = player.end
    assert player.direction == 0


def test_values_stand_beside_a_small_matrix_only(opened: Open, page: Pump) -> None:
    explorer = opened()
    assert "<summary>Values</summary>" in text(explorer)
    explorer.experiment.set_knob("batch", 40)
    page.until(lambda: explorer.session.matrix.picture["n_out"] == 40)
    assert "<summary>Values</summary>" not in text(explorer)


def test_run_shows_rows_and_then_the_winner(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    explorer.controls.run.clicks += 1
    assert explorer.tab == "compare"
    assert explorer.controls.run.disabled
    assert not explorer.controls.cancel.disabled
    job = runner.last("compare")
    job.emit(type="row", row=rows()[0].to_plain())
    compare = in_front(explorer, page)
    page.until(lambda: compare.table.rows)
    assert "forward/vmap" in text(explorer)
    assert "is fastest so far" in text(explorer)
    job.finish(finished(study()))
    page.until(lambda: explorer.study is not None)
    assert "forward/vmap is fastest" in text(explorer)
    assert explorer.study == study()
    assert not explorer.controls.run.disabled
    names = [row["cells"]["strategy"]["text"] for row in compare.table.rows]
    assert names == ["forward/vmap", "reverse/vmap", "reverse/loop"]
    assert [row["mark"] for row in compare.table.rows] == ["best", "", "dim"]


def test_numbers_in_the_table_are_the_studys(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    run(explorer, page, runner, study())
    table = in_front(explorer, page).table
    cells = table.rows[0]["cells"]
    assert cells["median"] == {"text": "1 ms", "sort": 1e-3}
    assert cells["memory"] == {"text": "160 B", "sort": 160}
    assert cells["peak"] == {"text": "unknown", "sort": None, "hint": PREDICTED}
    assert cells["passes"]["text"] == "3"
    assert table.rows[2]["cells"]["median"] == {"text": "", "sort": None}


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((160, 320), "is as fast as reverse/vmap, with the least memory."),
        ((160, 160), "is as fast as reverse/vmap; none of them takes less memory."),
        ((160, None), "is as fast as reverse/vmap."),
    ],
)
def test_a_tie_is_called_a_tie(
    opened: Open, page: Pump, runner: FakeRunner, sizes: tuple[int, int | None], said: str
) -> None:
    explorer = opened()
    first, second, third = rows()
    equal = [
        row.but(tie=True, predicted_bytes=size)
        for row, size in zip((first, second), sizes, strict=True)
    ]
    run(explorer, page, runner, jsc.Study(rows=(*equal, third)))
    assert "A tie" in text(explorer)
    assert said in text(explorer)
    assert "is fastest</p>" not in text(explorer)


def test_too_small_to_tell_leads_to_a_size_that_tells(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    run(explorer, page, runner, study(empty_call_s=1.0))
    assert "Too small to tell." in text(explorer)
    compare = in_front(explorer, page)
    assert compare.telling.visible
    compare.telling.clicks += 1
    telling = explorer.experiment.family.telling if explorer.experiment.family else {}
    assert telling
    assert runner.last("compare").job.target["knobs"].items() >= telling.items()
    assert len(runner.of("compare")) == 2


def test_a_study_of_other_settings_says_so(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened(query="batch=5")
    run(explorer, page, runner, study())
    assert "settings have changed" not in text(explorer)
    explorer.experiment.set_knob("batch", 8)
    page.until(lambda: "settings have changed" in text(explorer))
    assert "Measured for Logistic regression, predictions · batch size 5" in text(explorer)


def test_sweep(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened(tab="compare")
    compare = in_front(explorer, page)
    assert compare.sweep.label == "Sweep batch size"
    compare.sweep.clicks += 1
    for _ in range(5):
        count = len(runner.of("compare"))
        runner.last("compare").finish(finished(study()))
        page.until(
            lambda count=count: (
                len(runner.of("compare")) > count or not explorer.session.comparison.busy
            )
        )
    assert explorer.session.comparison.sweep_state == "ok"
    assert "Time by size" in text(explorer)


def test_errors_are_alerts_and_nothing_foreign_is_html(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    runner.hold = ("matrix", "compare")
    explorer = Explorer(runner=runner, hop=page.hop, query="<i>x</i>=1&mode=<u>&batch=5")
    evil = "It failed: <img src=x onerror=alert(1)>"
    runner.last("matrix").finish(Outcome("failed", evil))
    page.until(lambda: explorer.session.matrix.state == "failed")
    assert 'role="alert"' in text(explorer)
    explorer.controls.run.clicks += 1
    runner.last("compare").finish(Outcome("crashed", evil))
    page.until(lambda: explorer.session.comparison.state == "failed")
    assert text(explorer).count("&lt;img src=x onerror") == 2
    for tag in ("<img", "<i>", "<u>"):
        assert tag not in text(explorer)


def test_the_page_lives_on_after_an_error(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    runner.hold = ("matrix",)
    explorer.experiment.mode = "forward"
    runner.last("matrix").finish(Outcome("crashed", "The worker died."))
    page.until(lambda: "The worker died." in text(explorer))
    runner.hold = ()
    explorer.experiment.mode = "reverse"
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert "The worker died." not in text(explorer)


def test_a_hidden_tab_does_no_work(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    assert "compare" not in explorer.later
    run(explorer, page, runner, study())
    compare = in_front(explorer, page)
    explorer.tab = "jacobian"
    page.until(lambda: not compare.active)
    shown = compare.table.rows
    explorer.session.run(explorer.settings())
    runner.last("compare").emit(type="row", row=rows()[1].to_plain())
    page.until(lambda: explorer.session.comparison.rows)
    assert compare.table.rows is shown
    explorer.tab = "compare"
    page.until(lambda: len(compare.table.rows) == 1)
    drawn = explorer._jacobian.player.end
    explorer.experiment.set_knob("features", 9)
    page.until(lambda: explorer.session.matrix.picture["n_in"] == 9)
    assert explorer._jacobian.player.end == drawn
    explorer.tab = "jacobian"
    page.until(lambda: explorer._jacobian.player.end == 9)


def test_a_known_matrix_is_not_drawn_behind_another_tab(opened: Open, page: Pump) -> None:
    opened()
    explorer = opened(tab="products")
    assert explorer.session.matrix.picture is not None
    assert not explorer._jacobian.player.visible
    explorer.tab = "jacobian"
    page.until(lambda: explorer._jacobian.player.visible)
    assert explorer._jacobian.player.end == 3


def test_the_end_of_a_visit(opened: Open, runner: FakeRunner) -> None:
    explorer = opened()
    explorer.controls.run.clicks += 1
    explorer.close()
    assert runner.last("compare").cancelled


def test_ones_own_function(page: Pump, runner: FakeRunner) -> None:
    runner.hold = ("matrix", "compare")
    explorer = explore(np.sin, np.ones(3), runner=runner)
    assert explorer.settings()["problem"] == "your_function"
    assert "Your function" in text(explorer)
    assert "Batch size" not in widgets(explorer)
    assert runner.last("matrix").job.target["kind"] == "pickle"
    widgets(explorer)["Problem"].value = "tanh_sum"
    assert explorer.settings()["problem"] == "tanh_sum"
    explorer.close()


def test_explore_refuses_half_a_question() -> None:
    with pytest.raises(TypeError, match="without a point"):
        explore(np.sin)
    with pytest.raises(TypeError, match="without a function"):
        explore(x=np.ones(3))
    with pytest.raises(TypeError, match="must be a function, but got int"):
        explore(3, np.ones(3))  # type: ignore[arg-type]


def test_dark_figures_for_a_dark_page(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    run(explorer, page, runner, study())
    table = in_front(explorer, page).table
    light = table.rows[0]["cells"]["strategy"]["color"]
    explorer.dark = True
    page.until(lambda: table.rows[0]["cells"]["strategy"]["color"] != light)


def test_the_first_comparison_of_who_changed_nothing_is_at_a_size_that_tells(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    explorer.run()
    assert runner.last("compare").job.target["knobs"]["batch"] == 512
    assert "too small to tell" in text(explorer)
    assert explorer.settings()["knobs"]["batch"] == 512
    runner.last("compare").finish(finished(study()))
    page.until(lambda: explorer.session.comparison.state == "ok")
    explorer.experiment.reset()
    explorer.run()
    assert runner.last("compare").job.target["knobs"]["batch"] == 4


def test_whoever_changed_something_gets_what_was_asked_for(
    opened: Open, runner: FakeRunner
) -> None:
    explorer = opened()
    explorer.experiment.mode = "reverse"
    explorer.run()
    assert runner.last("compare").job.target["knobs"]["batch"] == 4
