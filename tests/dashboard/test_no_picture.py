"""Where there is nothing for what is set, what was there for other settings is gone."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope.run import Outcome
from jacoscope_dashboard import Explorer
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, text


def fail(explorer: Explorer, page: Pump, runner: FakeRunner, kind: str) -> None:
    """Have the next job of that kind fail, which another batch size asks for."""
    job = getattr(explorer.session, kind)
    runner.hold = (*runner.hold, kind)
    asked = len(runner.of(kind))
    explorer.experiment.set_knob("batch", 7)
    page.until(lambda: len(runner.of(kind)) > asked)
    runner.last(kind).finish(Outcome("failed", "It has none."))
    page.until(lambda: job.state == "failed")
    runner.hold = ("compare",)


def test_no_matrix_stands_there_for_another_one(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = explorer._jacobian
    parts: list[Any] = [view._drawn, view.player, view.log]
    fail(explorer, page, runner, "matrix")
    assert "<h3>No matrix</h3>" in text(explorer)
    for gone in ("VJPs against", "<summary>Values", "the largest magnitude"):
        assert gone not in text(explorer)
    assert not any(each.visible for each in parts)
    explorer.experiment.set_knob("batch", 9)
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert "9 VJPs against 3 JVPs" in text(explorer)
    assert "No matrix" not in text(explorer)
    assert all(each.visible for each in parts)


def test_a_matrix_that_is_cancelled_is_not_the_one_before(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    runner.hold = ("matrix",)
    explorer.experiment.set_knob("batch", 7)
    page.until(lambda: explorer.session.matrix.state == "busy")
    assert "4 VJPs against 3 JVPs" in text(explorer)  # until there is an answer
    explorer.controls.cancel.clicks += 1
    page.until(lambda: "Cancelled before the matrix was there." in text(explorer))
    assert "4 VJPs against 3 JVPs" not in text(explorer)


@pytest.mark.parametrize("kind", ["products", "inside"])
def test_a_tab_shows_nothing_of_what_was_set_before(
    opened: Open, page: Pump, runner: FakeRunner, kind: str
) -> None:
    explorer = opened(tab=kind)
    page.until(lambda: kind in explorer.later and explorer.later[kind].waiting.content.visible)
    waiting = explorer.later[kind].waiting
    fail(explorer, page, runner, kind)
    page.until(lambda: not waiting.content.visible)
    assert "It has none." in str(waiting.status.object)
    explorer.experiment.set_knob("batch", 9)
    page.until(lambda: waiting.content.visible)
    assert "It has none." not in str(waiting.status.object)


def test_no_structure_stands_there_for_another_one(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened(query="?structure=shown")
    view = explorer.structure
    page.until(lambda: view._shown and view.waiting.content.visible)
    fail(explorer, page, runner, "structure")
    page.until(lambda: not view.waiting.content.visible)
    explorer.experiment.set_knob("batch", 9)
    page.until(lambda: view.waiting.content.visible)
