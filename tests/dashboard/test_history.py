"""Earlier comparisons: brought back from the drawer, and held against the newest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jacoscope import Study
from jacoscope._against import hold_against
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._comparison import KEPT
from jacoscope_dashboard.views._against_words import against_rows, against_sentence
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, finished, in_front, rows, study, text


def run(explorer: Explorer, page: Pump, runner: FakeRunner, found: Study) -> None:
    explorer.controls.run.clicks += 1
    runner.last("compare").finish(finished(found))
    page.until(lambda: not explorer.session.comparison.busy)


def slower(factor: float, **environment: Any) -> Study:
    """A study whose times are this many times as long, far from noise."""
    moved = [
        row.but(
            median_s=row.median_s * factor,
            samples_s=tuple(row.median_s * factor * (1 + 0.001 * k) for k in range(9)),
        )
        if row.median_s
        else row
        for row in rows()
    ]
    return Study(rows=tuple(moved), environment=environment, empty_call_s=1e-6)


def buttons(explorer: Explorer) -> list[Any]:
    drawer: Any = explorer.controls.drawer
    return drawer.select(lambda each: str(getattr(each, "label", "")).startswith("Logistic"))


def test_each_comparison_is_one_click_from_coming_back(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened(query="batch=5")
    assert buttons(explorer) == []
    run(explorer, page, runner, study())
    explorer.experiment.set_knob("batch", 8)
    explorer.experiment.mode = "reverse"
    run(explorer, page, runner, slower(2.0))
    newest, oldest = buttons(explorer)
    assert "batch size 8" in newest.label
    assert oldest.label.endswith("batch size 5 · features 3: forward/vmap, 1 ms")
    explorer.tab = "jacobian"
    oldest.clicks += 1
    assert explorer.tab == "compare"
    assert explorer.experiment.resolved_knobs()["batch"] == 5
    assert explorer.experiment.mode == "auto"
    assert explorer.study is not None
    assert explorer.study.row("forward/vmap").median_s == 1e-3
    page.until(lambda: "forward/vmap is fastest" in text(explorer))
    assert "settings have changed" not in text(explorer)


def test_only_a_few_are_kept(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    for _ in range(KEPT + 2):
        run(explorer, page, runner, study())
    assert len(buttons(explorer)) == KEPT


def test_the_newest_stands_against_an_earlier_one(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    run(explorer, page, runner, slower(1.0))
    against = in_front(explorer, page).against
    page.until(lambda: against.panel.visible)
    assert not against.other.visible
    run(explorer, page, runner, slower(3.0))
    page.until(lambda: against.table.visible)
    assert "Of 2 strategies here 2 slower." in str(against._said.object)
    cells = {row["cells"]["strategy"]["text"]: row["cells"] for row in against.table.rows}
    assert cells["forward/vmap"]["ratio"]["text"] == "3×"
    assert cells["reverse/vmap"]["moved"]["text"] == "slower"


def test_a_saved_study_is_read(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    run(explorer, page, runner, slower(1.0, jax="0.10"))
    against = in_front(explorer, page).against
    page.until(lambda: against.panel.visible)
    against.read(json.dumps(slower(0.5, jax="<b>9</b>").to_plain()).encode())
    page.until(lambda: against.table.visible)
    said = str(against._said.object)
    assert "Of 2 strategies here 2 slower." in said
    assert "JAX &lt;b&gt;9&lt;/b&gt; there, 0.10 here" in said


def test_the_same_two_are_asked_for_once(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    run(explorer, page, runner, slower(1.1))
    against = in_front(explorer, page).against
    run(explorer, page, runner, slower(1.2))
    page.until(lambda: against.table.visible)
    asked = len(runner.of("against"))
    explorer.experiment.set_knob("batch", 8)
    page.until(lambda: "settings have changed" in text(explorer))
    assert len(runner.of("against")) == asked


@pytest.mark.parametrize(
    "content",
    [
        b"<script>alert(1)</script>",
        b'{"schema": 1, "rows": [{"quantity": "<i>", "strategy": "a", "status": "<img>"}]}',
        b" " * 5_000_001,
    ],
    ids=["html", "field", "large"],
)
def test_what_is_no_study_is_said(
    opened: Open, page: Pump, runner: FakeRunner, content: bytes
) -> None:
    explorer = opened()
    run(explorer, page, runner, study())
    against = in_front(explorer, page).against
    page.until(lambda: against.panel.visible)
    against.read(content)
    page.until(lambda: 'role="alert"' in str(against._said.object))
    said = str(against._said.object)
    assert "<script>" not in said
    assert "<img>" not in said
    assert not against.table.visible


def test_in_words() -> None:
    here = slower(1.0).to_plain()
    same = hold_against(here, here)
    assert against_sentence(same) == "Of 2 strategies here 2 within noise."
    nothing = hold_against(here, Study(rows=()).to_plain())
    assert against_sentence(nothing).startswith("Both studies have no strategy")
    other = Study(rows=tuple(row.but(n_out=9) for row in slower(4.0).rows))
    held = hold_against(here, other.to_plain())
    assert "2 faster. Also different: the Jacobian has another shape." in against_sentence(held)
    first, _ = against_rows(hold_against(slower(3.0).to_plain(), here), dark=False)
    assert first["cells"]["moved"]["text"] == "slower"
