"""The advice card: estimated before a comparison, measured after it, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

from jacoscope import Advice, Study, snippet
from jacoscope.run import Outcome
from jacoscope_dashboard import Explorer
from jacoscope_dashboard.views._advice import advice_card
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import ADVICE, FakeRunner, Pump, finished, study


def card(explorer: Explorer) -> str:
    return str(explorer.advice._card.object)


def compare(explorer: Explorer, page: Pump, runner: FakeRunner, found: Study) -> None:
    explorer.run()
    runner.last("compare").finish(finished(found))
    page.until(lambda: explorer.study is not None and "measured here" in card(explorer))


def test_an_estimate_stands_there_until_something_is_measured(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    page.until(lambda: "Try reverse/chunked/8" in card(explorer))
    assert "estimated, not timed" in card(explorer)
    assert "The textbook says another way: forward mode" in card(explorer)
    found = study()
    compare(explorer, page, runner, found)
    best = found.best()
    assert best is not None
    assert f"Use {best.strategy}" in card(explorer)
    explorer.experiment.mode = "reverse"  # another way on the screen, the same question
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert "measured here" in card(explorer)
    explorer.experiment.knobs = {**explorer.experiment.knobs, "batch": 9}
    page.until(lambda: "Try reverse/chunked/8" in card(explorer))


def test_its_code_is_that_of_what_is_advised(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    box = explorer.advice.code
    page.until(lambda: box.visible)
    assert box.code == snippet(ADVICE.strategy)
    compare(explorer, page, runner, study())
    assert box.code == snippet("forward/vmap")
    matrix = explorer.session.matrix
    matrix.picture = {**matrix.picture, "pytree": True}
    page.until(lambda: box.code == snippet("forward/vmap", pytree=True))


def test_too_small_to_tell(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    compare(explorer, page, runner, replace(study(), empty_call_s=1e3))
    assert "Any way will do" in card(explorer)


def test_no_advice_says_why(opened: Open, page: Pump, runner: FakeRunner) -> None:
    runner.hold = ("advise",)
    explorer = opened()
    page.until(lambda: "Looking for the way to use" in card(explorer) and runner.of("advise"))
    runner.last("advise").finish(Outcome("failed", "`f` can't be <traced>."))
    page.until(lambda: "No advice" in card(explorer))
    assert not explorer.advice.code.visible
    assert "can't be &lt;traced&gt;." in card(explorer).replace("&#x27;", "'")


def test_it_is_asked_for_once_the_matrix_is_there(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    runner.hold = ("matrix",)
    explorer = Explorer(runner=runner, hop=page.hop)
    assert not runner.of("advise")
    runner.last("matrix").finish(Outcome("failed", "It has none."))
    page.until(lambda: bool(runner.of("advise")))
    explorer.close()


def test_it_is_asked_for_only_where_a_visitor_comes_to_rest(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    for batch in (7, 8, 9):
        explorer.experiment.knobs = {**explorer.experiment.knobs, "batch": batch}
        page.until(lambda: explorer.session.matrix.state == "ok")
    page.until(lambda: bool(runner.of("advise")))
    asked = [handle.job.target["knobs"]["batch"] for handle in runner.of("advise")]
    assert asked == [9]


def test_everything_foreign_is_escaped() -> None:
    evil = Advice("<b>", None, "<script>", "forward", agrees=True, source="measured")
    html = advice_card(evil, "jacobian")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
