"""Lessons: each verdict by three studies that were made up, and what the tab does with them."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope import Measurement, Study
from jacoscope.run import Outcome
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._lessons import LESSONS, Lesson, Points
from jacoscope_dashboard._requests import lesson_requests
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump

BY_NAME = {each.name: each for each in LESSONS}


def row(name: str, median_s: float, *, spread: float = 0.01, **more: Any) -> Measurement:
    return Measurement("jacobian", name).but(
        median_s=median_s,
        low_s=median_s * (1 - spread),
        high_s=median_s * (1 + spread),
        q25_s=median_s * (1 - spread),
        q75_s=median_s * (1 + spread),
        samples=25,
        **more,
    )


def pair(one: str, two: str) -> tuple[Points, Points, Points]:
    """The first is faster, slower, or it can't be told."""
    return (
        {1: [row(one, 1e-3), row(two, 2e-3)]},
        {1: [row(one, 2e-3), row(two, 1e-3)]},
        {1: [row(one, 1e-3, spread=0.3), row(two, 1.1e-3, spread=0.3)]},
    )


def memory(reverse: int | None, forward: int = 1_000) -> Points:
    """Temporaries at 16 steps and at 256."""

    def both(forward: int, reverse: int | None) -> list[Measurement]:
        return [
            row("forward/map", 1e-3, temp_bytes=forward),
            row("reverse/map", 1e-3, temp_bytes=reverse),
        ]

    return {16: both(1_000, 2_000), 256: both(forward, reverse)}


def vectors(more_s: float, cost: float | None = 2.0) -> Points:
    """One vector and 65 of a function that takes a millisecond."""
    name = "forward/vmap"
    return {1: [row(name, 2e-3, passes=1, cost_of_f=cost)], 65: [row(name, 2e-3 + 64 * more_s)]}


def cost(of_f: float | None) -> Points:
    return {1: [row("forward/vmap", 1e-3, cost_of_f=of_f)]}


def chunks(temp: int | None, median_s: float = 1e-3) -> Points:
    own = row("linearize/chunked/64", median_s, temp_bytes=temp)
    return {1: [own, row("jax.hessian", 1e-3, temp_bytes=10_000)]}


TRIED: dict[str, tuple[Points, Points, Points]] = {
    "wide": pair("jax.jacrev", "jax.jacfwd"),
    "tall": pair("jax.jacfwd", "jax.jacrev"),
    "square": pair("jax.jacfwd", "jax.jacrev"),
    "rule": pair("jax.jacrev", "jax.jacfwd"),
    "vmap_or_loop": pair("forward/vmap", "forward/loop"),
    "vmap_or_chunks": pair("reverse/vmap", "reverse/map"),
    "hvp_order": pair("hvp/forward_over_reverse", "hvp/reverse_over_reverse"),
    "jvp_cost": (cost(2.5), cost(9.0), cost(None)),
    "one_more_jvp": (vectors(1.1e-3), vectors(3e-3), vectors(1e-3, None)),
    "depth": (memory(32_000), memory(32_000, 9_000), memory(None)),
    "hessian_memory": (chunks(900), chunks(900, 2e-3), chunks(None)),
    "folded": pair("jax.jacfwd", "forward/folded"),
}


def test_there_are_at_least_ten_and_each_is_tried() -> None:
    assert len(LESSONS) >= 10
    assert list(TRIED) == [each.name for each in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda each: each.name)
def test_a_verdict_is_true_false_or_no_answer(lesson: Lesson) -> None:
    verdicts = [lesson.judge(points) for points in TRIED[lesson.name]]
    assert [each.holds for each in verdicts] == [True, False, None]
    assert all(each.sentence.endswith(".") for each in verdicts)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda each: each.name)
def test_nothing_measured_is_no_answer(lesson: Lesson) -> None:
    assert lesson.judge({size: [] for size in lesson.sizes}).holds is None


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda each: each.name)
def test_a_lesson_asks_for_what_its_problem_knows(lesson: Lesson) -> None:
    requests = lesson_requests(lesson)
    assert [each.size for each in requests] == list(lesson.sizes)
    for request, size in zip(requests, lesson.sizes, strict=True):
        asked = {**request.spec["knobs"], "vectors": request.spec["vectors"]}
        wanted = {**lesson.knobs, **({lesson.size: size} if lesson.size else {})}
        assert wanted.items() <= asked.items()
        assert request.job.options["quantity"] == lesson.quantity


def in_front(explorer: Explorer, page: Pump) -> Any:
    explorer.tab = "lessons"
    page.until(lambda: "lessons" in explorer.later and explorer.later["lessons"].board.lessons)
    return explorer.later["lessons"]


def card(view: Any, name: str) -> dict[str, str]:
    return next(each for each in view.board.lessons if each["name"] == name)


def ended(points: Points, size: int = 1, empty_call_s: float = 1e-6) -> Outcome:
    study = Study(rows=tuple(points[size]), title="", empty_call_s=empty_call_s)
    return Outcome("ok", value={"study": study.to_plain()})


def test_a_lesson_is_tried_and_told(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    assert card(view, "wide")["verdict"] == "Not tried yet"
    view.board.asked = {"name": "wide", "action": "try", "presses": 1}
    page.until(lambda: card(view, "wide")["verdict"] == "Being measured")
    assert view.board.busy
    runner.last("compare").finish(ended(TRIED["wide"][0]))
    page.until(lambda: card(view, "wide")["verdict"] == "True here")
    assert "2 times as long" in card(view, "wide")["text"]
    page.until(lambda: not view.board.busy)


def test_two_sizes_are_two_comparisons(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.board.asked = {"name": "depth", "action": "try", "presses": 1}
    points = TRIED["depth"][1]
    for size in BY_NAME["depth"].sizes:
        page.until(lambda: not runner.last("compare").done())
        assert runner.last("compare").job.target["knobs"]["steps"] == size
        runner.last("compare").finish(ended(points, size))
        page.until(lambda size=size: size in dict(explorer.session.lesson.points))
    page.until(lambda: card(view, "depth")["verdict"] == "Not true here")


def test_too_small_to_tell_and_failed(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.board.asked = {"name": "wide", "action": "try", "presses": 1}
    runner.last("compare").finish(ended(TRIED["wide"][0], empty_call_s=1.0))
    page.until(lambda: card(view, "wide")["verdict"] == "No answer")
    view.board.asked = {"name": "tall", "action": "try", "presses": 2}
    runner.last("compare").finish(Outcome("failed", "It broke."))
    page.until(lambda: card(view, "tall")["text"] == "It broke.")
    assert card(view, "tall")["verdict"] == "Not measured"


def test_all_are_tried_one_after_the_other_until_cancelled(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.all.clicks += 1
    runner.last("compare").finish(ended(TRIED["wide"][0]))
    page.until(lambda: card(view, "tall")["verdict"] == "Being measured")
    assert "10 more after this one" in str(view._status.object)
    explorer.session.cancel()
    page.until(lambda: card(view, "tall")["verdict"] == "Not measured")
    assert card(view, "square")["verdict"] == "Not tried yet"


def test_its_settings_are_opened(opened: Open, page: Pump) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.board.asked = {"name": "hvp_order", "action": "open", "presses": 1}
    page.until(lambda: explorer.tab == "jacobian")
    assert explorer.experiment.problem == "tanh_sum"
    assert explorer.experiment.quantity == "hvp"
    view.board.asked = {"name": "<script>", "action": "open", "presses": 2}  # a browser's nonsense
    assert explorer.experiment.problem == "tanh_sum"
