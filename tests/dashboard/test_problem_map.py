"""The map of strategies by problems: what it asks for, what it draws, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope import Measurement, Study
from jacoscope._strategy import named
from jacoscope.problems import families
from jacoscope_dashboard._experiment import Experiment
from jacoscope_dashboard._scaling import PATTERNED, WAYS, problem_requests
from jacoscope_dashboard.figures import Case, palette, problem_map
from tests.dashboard.conftest import Open
from tests.dashboard.figures_data import Fed, columns, drawn, hovers, looks, words_on, written
from tests.dashboard.figures_data import named as layer
from tests.dashboard.helpers import FakeRunner, Pump, finished
from tests.dashboard.test_scaling import answer_all, in_front

CASES = [
    Case(0, 0, "Arrow", "jax.jacfwd", "forward", 1.0, "2 ms", ahead=True, rule=True),
    Case(1, 0, "Arrow", "jax.jacrev", "reverse", 12.3, "24 ms"),
    Case(1, 1, "Loop", "jax.jacrev", "reverse", None, "can't work", "can't", "No <b>VJP</b>."),
]
DRAWN = {"cases": CASES, "ways": ("jax.jacfwd", "jax.jacrev"), "problems": ["Arrow", "Loop"]}


def cells(figure: Any) -> Any:
    (found,) = [each for each in figure.renderers if "way" in each.data_source.data]
    return found


@pytest.mark.parametrize("dark", [False, True])
def test_the_nearer_to_the_fastest_the_stronger_the_color(dark: bool) -> None:
    colors = palette(dark)
    near = Case(0, 1, "Loop", "jax.jacfwd", "forward", 1.1, "3 ms")
    far = Case(0, 2, "Far", "jax.jacfwd", "forward", 1e4, "3 s")
    fed = {**DRAWN, "cases": [*CASES, near, far], "problems": ["Arrow", "Loop", "Far"]}
    first, _, unknown, almost, last = (
        fill for (fill,) in looks(cells(drawn(problem_map(fed, dark=dark))), "fill_color")
    )
    assert first == colors.forward
    assert unknown == colors.grid
    assert len({first, almost, last, colors.background}) == 4


def test_cells_say_the_ratio_or_why_there_is_none() -> None:
    figure = drawn(problem_map(DRAWN))
    assert written(figure, "words") == ["1×", "12×", "can't"]
    assert words_on(figure.xaxis[0]) == ["jax.jacfwd", "jax.jacrev"]
    assert words_on(figure.yaxis[0]) == ["Loop", "Arrow"]  # from below
    assert set(hovers(figure)["Quad"].values()) == {"problem", "way", "time", "said"}
    assert columns(cells(figure))["said"][2] == "No <b>VJP</b>."


def test_what_the_rule_picks_has_a_heavy_border() -> None:
    boxes = columns(layer(drawn(problem_map(DRAWN)), "boxes"))
    assert (boxes["left"], boxes["bottom"]) == ([-0.46], [0.54])


def test_it_is_empty_and_fills() -> None:
    fed = Fed(problem_map, {"cases": [], "ways": (), "problems": []})
    assert written(fed.figure, "sentence") == ["No map yet"]
    fed.push(DRAWN)
    assert columns(cells(fed.figure))["way"] == ["jax.jacfwd", "jax.jacrev", "jax.jacrev"]


def test_each_problem_is_asked_for_at_a_size_that_tells() -> None:
    spec = Experiment(memory_limit="2GB", device="cpu:0", problem="arrow").spec()
    requests = problem_requests(spec)
    assert [each.size for each in requests] == list(range(len(families())))
    assert [each.job.target["name"] for each in requests] == [each.name for each in families()]
    assert requests[0].job.target["knobs"]["batch"] == families()[0].telling["batch"]
    assert {tuple(each.job.options["only"]) for each in requests} == {WAYS}
    assert {each.job.options["memory_limit"] for each in requests} == {2_000_000_000}
    assert {each.job.options["device"] for each in requests} == {"cpu:0"}
    assert {each.job.options["quantity"] for each in requests} == {"jacobian"}
    assert all(named("jacobian", way).name == way for way in WAYS if way not in PATTERNED)


def row(strategy: str, milliseconds: float | None, **more: Any) -> Measurement:
    seconds = None if milliseconds is None else milliseconds / 1e3
    known = {"n_in": 4, "n_out": 8, "mode": named("jacobian", strategy).mode}
    times = {"median_s": seconds, "q25_s": seconds, "low_s": seconds, "high_s": seconds}
    return Measurement("jacobian", strategy, **{"error": 1e-7, **known, **times, **more})


ROWS = {
    "logistic_regression": (
        row("jax.jacfwd", 9.0),
        row("reverse/map", 1.0),
        row("jax.jacrev", 3.0),
    ),
    "arrow": (
        row("jax.jacfwd", 5.0),
        row("forward/colored", 2.0),
        row("reverse/colored", 1.0, error=0.5),
    ),
    "while_loop": (
        row("jax.jacfwd", 2.0, tie=True),
        row("forward/map", 2.1, tie=True),
        row("jax.jacrev", None, status="unsupported", message="No <b>VJP</b>."),
    ),
}
ALONE = (row("jax.jacfwd", 1.0),)


def test_the_map_the_table_and_the_sentence(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    page.until(lambda: f"{len(families())} problems" in str(view.problems.head.object))
    view.problems.button.clicks += 1

    def measured(job: Any) -> Study:
        name = job.target["name"]
        empty_call_s = 1.0 if name == "plane_map" else 1e-9
        return Study(rows=ROWS.get(name, ALONE), empty_call_s=empty_call_s)

    answer_all(explorer, page, runner, "problems", measured)
    page.until(lambda: view.problems.table.visible and view.problems.plot.panel is not None)
    said = str(view.problems.plot.panel[0].object)
    alone = len(families()) - len(ROWS) - 1
    assert f"Fastest, of {len(families())} problems: jax.jacfwd on {alone};" in said
    assert "reverse/map on 1; colored on 1; several tie on 1; 1 is too small to tell." in said
    assert "costs most for Logistic regression, predictions: 9 times the fastest." in said
    rows = {each["cells"]["problem"]["sort"]: each["cells"] for each in view.problems.table.rows}
    regression, arrow = (
        rows["Logistic regression, predictions"],
        rows["Arrow: a dense row and column"],
    )
    told = [regression[key]["text"] for key in ("shape", "fastest", "time", "builtin", "rule")]
    assert told == ["8 × 4", "reverse/map", "1 ms", "3×", "9×"]
    assert arrow["fastest"]["text"] == "forward/colored"  # the other one is wrong
    assert rows["Circle to ellipse"]["fastest"]["text"] == "too small to tell"
    assert rows["Circle to ellipse"]["rule"]["text"] == "unknown"
    assert rows["Loop until converged"]["fastest"]["text"] == "jax.jacfwd = forward/map"
    explorer.experiment.problem = "arrow"  # what is measured here is of no one problem
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert "Measured for" not in str(view.problems.status.object)


def test_what_is_cancelled_stays(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.problems.button.clicks += 1
    page.until(lambda: runner.of("compare"))
    runner.last("compare").finish(finished(Study(rows=ALONE, empty_call_s=1e-9)))
    page.until(lambda: len(runner.of("compare")) == 2)
    explorer.session.cancel()
    page.until(lambda: "1 problem timed before that stays" in str(view.problems.status.object))
    page.until(lambda: view.problems.table.visible)
    assert len(view.problems.table.rows) == 1
    said = str(view.problems.plot.panel[0].object)
    assert "Fastest, of 1 problem: jax.jacfwd on 1." in said
    assert "it is as fast as any, everywhere." in said
