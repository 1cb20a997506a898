"""The tab *Inside*: passes, residuals, equations and the program, and what may go wrong."""

from __future__ import annotations

from typing import Any

from jacoscope._inside import POLICIES
from jacoscope.run import Outcome
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._experiment import POLICIES as OFFERED
from jacoscope_dashboard.views._inside_words import (
    equations_html,
    kept_html,
    pass_rows,
    passes_html,
    program_html,
)
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump
from tests.dashboard.inside_data import inside

PICTURE = inside("nothing_saveable")


def in_front(explorer: Explorer, page: Pump) -> Any:
    explorer.tab = "inside"
    page.until(lambda: explorer.session.inside.state != "empty" and "inside" in explorer.later)
    return explorer.later["inside"]


def test_a_pass_is_told_in_units_of_f() -> None:
    said = passes_html(PICTURE)
    assert '<th scope="col" title="Memory of what goes in">Arguments</th>' in said
    assert "2.5×" in said
    assert "Loop body counted once." in said
    refused = passes_html(inside("nothing_saveable", reverse=False))
    assert "one VJP: Reverse mode can&#x27;t pass a loop." in refused


def test_rows_for_the_figures_are_those_that_could_be_made() -> None:
    rows = pass_rows(PICTURE)
    assert [row.strategy for row in rows] == [
        *("f", "one JVP", "one VJP", "one VJP, checkpointed"),
    ]
    assert [row.mode for row in rows] == [None, "forward", "reverse", "reverse"]
    assert all(row.predicted_bytes == 64 and row.compile_s == 0.25 for row in rows)
    assert len(pass_rows(inside("nothing_saveable", reverse=False))) == 2


def test_what_is_kept_is_summed_by_source_line() -> None:
    said = kept_html(PICTURE, "Keep nothing")
    assert "model.py:7:4 (&lt;b&gt;f)" in said
    assert "/a/" not in said
    assert "64 B in 2 arrays as f is, and 48 B in 1 array under a checkpoint" in said
    assert "can&#x27;t pass a loop" in kept_html(inside("x", reverse=False), "Keep nothing")


def test_equations_are_marked_and_escaped() -> None:
    said = equations_html(PICTURE)
    assert "8 equations, 1 of them with something" in said
    assert said.count("keeps 16 B") == 1
    assert "5 more equations are left out." in said
    assert "mul b &lt;i&gt;" in said


def test_the_program_is_searched() -> None:
    assert "3 lines." in program_html(PICTURE, "")
    found = program_html(PICTURE, " FUSION ")
    assert "1 of 3 lines." in found
    assert "%a = f32[4] fusion(%b)" in found
    assert "HloModule" not in found
    assert "&lt;tuple&gt;" in program_html(PICTURE, "tuple")


def test_the_page_and_the_worker_know_the_same_policies() -> None:
    assert set(OFFERED) == set(POLICIES)


def test_a_program_that_was_cut_says_so() -> None:
    assert "characters longer" not in program_html(PICTURE, "")
    assert "It is 1,234 characters longer" in program_html({**PICTURE, "hlo_omitted": 1234}, "")


def test_a_policy_is_part_of_the_settings(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    page.until(lambda: "One pass" in str(view._passes.object))
    view.policy.value = "dots_saveable"
    page.until(lambda: "Keep products" in str(view._kept.object))
    assert explorer.settings()["policy"] == "dots_saveable"
    assert "policy=dots_saveable" in explorer.experiment.to_query()
    assert runner.last("inside").job.options["policy"] == "dots_saveable"
    view.search.value = "tuple"
    page.until(lambda: "1 of 3 lines" in str(view._program.object))


def test_a_change_elsewhere_is_asked_for_when_the_tab_is_back(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    in_front(explorer, page)
    asked = len(runner.of("inside"))
    explorer.tab = "jacobian"
    page.until(lambda: not explorer.later["inside"].active)
    explorer.experiment.knobs = {**explorer.experiment.knobs, "batch": 9}
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert len(runner.of("inside")) == asked
    explorer.tab = "inside"
    page.until(lambda: len(runner.of("inside")) == asked + 1)


def test_a_function_that_can_not_be_traced(opened: Open, page: Pump, runner: FakeRunner) -> None:
    runner.hold = (*runner.hold, "inside")
    explorer = opened()
    view = in_front(explorer, page)
    page.until(lambda: runner.of("inside"))
    runner.last("inside").finish(Outcome("failed", "It branches on <x>."))
    page.until(lambda: explorer.session.inside.state == "failed")
    assert "It branches on &lt;x&gt;." in str(view.waiting.status.object)
    assert "Not traced" in str(view.waiting.place.object)
    assert not view.waiting.content.visible
