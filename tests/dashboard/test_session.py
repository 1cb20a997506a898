"""The work of a visit, on a runner that answers when it is told to."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope.run import Outcome
from jacoscope_dashboard import _matrix
from jacoscope_dashboard._cache import Cache, plain_key
from jacoscope_dashboard._experiment import Experiment
from jacoscope_dashboard._requests import sweep_requests, telling_knobs
from jacoscope_dashboard._session import Session
from tests.dashboard.helpers import DEVICES, FakeRunner, Pump, answer, finished, rows, study


def spec(**changes: Any) -> dict[str, Any]:
    experiment = Experiment(**changes)
    return experiment.spec()


def test_devices_come_from_the_runner(page: Pump) -> None:
    session = Session(FakeRunner(), page.hop)
    page.until(lambda: session.devices == list(DEVICES))


def test_matrix_comes_and_is_kept(page: Pump) -> None:
    runner = FakeRunner()
    session = Session(runner, page.hop)
    session.show(spec())
    page.until(lambda: session.matrix.state == "ok")
    assert session.matrix.picture["values"].shape == (4, 3)
    session.show(spec(knobs={"batch": 8}))
    page.until(lambda: session.matrix.picture["n_out"] == 8)
    session.show(spec())
    assert session.matrix.state == "ok"
    assert session.matrix.picture["n_out"] == 4
    assert len(runner.of("matrix")) == 2


def test_only_the_newest_request_is_sent_after_the_running_one(page: Pump) -> None:
    runner = FakeRunner(hold=("matrix",))
    session = Session(runner, page.hop)
    for batch in (4, 5, 6, 7):
        session.show(spec(knobs={"batch": batch}))
    assert len(runner.of("matrix")) == 1
    first = runner.last("matrix")
    first.finish(answer(first.job))
    page.until(lambda: len(runner.of("matrix")) == 2)
    second = runner.last("matrix")
    assert second.job.target["knobs"]["batch"] == 7
    second.finish(answer(second.job))
    page.until(lambda: session.matrix.state == "ok")
    assert session.matrix.picture["n_out"] == 7


def test_a_slow_job_that_nobody_waits_for_is_cancelled(
    page: Pump, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_matrix, "PATIENCE_S", 0.02)
    runner = FakeRunner(hold=("matrix",))
    session = Session(runner, page.hop)
    session.show(spec())
    slow = runner.last("matrix")
    session.show(spec(mode="reverse"))
    page.until(lambda: slow.cancelled)
    page.until(lambda: len(runner.of("matrix")) == 2)
    assert session.matrix.state == "busy"


def test_a_failed_matrix_says_so_and_the_next_one_is_drawn(page: Pump) -> None:
    runner = FakeRunner(hold=("matrix",))
    session = Session(runner, page.hop)
    session.show(spec())
    runner.last("matrix").finish(Outcome("failed", "It can't be differentiated."))
    page.until(lambda: session.matrix.state == "failed")
    assert session.matrix.message == "It can't be differentiated."
    session.show(spec(mode="reverse"))
    runner.last("matrix").finish(answer(runner.last("matrix").job))
    page.until(lambda: session.matrix.state == "ok")


def test_cancel_of_a_matrix(page: Pump) -> None:
    runner = FakeRunner(hold=("matrix",))
    session = Session(runner, page.hop)
    session.show(spec())
    session.cancel()
    assert session.matrix.state == "cancelled"
    assert runner.last("matrix").cancelled
    session.show(spec())
    assert session.matrix.state == "busy"


def test_comparison_from_queue_to_study(page: Pump) -> None:
    runner = FakeRunner()
    comparison = (session := Session(runner, page.hop)).comparison
    session.run(spec(chunk_size=3, memory_limit="2GB", time_limit=30.0))
    job = runner.last("compare")
    assert job.job.options["chunk_sizes"] == [3, 8, 64, 256]
    assert job.job.options["memory_limit"] == 2 * 10**9
    assert job.job.options["time_limit"] == 30
    job.emit(type="queued", place=2)
    page.until(lambda: comparison.progress.place)
    assert comparison.progress.sentence() == "Waiting, place 2 in the queue"
    job.emit(type="started")
    job.emit(type="plan", strategies=["forward/vmap", "reverse/vmap", "reverse/loop"])
    job.emit(type="stage", strategy="x", stage="compile", done=1, total=3, left_s=12.2)
    page.until(lambda: comparison.progress.done)
    assert "1 of 3 strategies, 12 s left" in comparison.progress.sentence()
    first, second, third = rows()
    job.emit(type="row", row=first.but(median_s=None).to_plain())
    job.emit(type="row", row=second.to_plain())
    job.emit(type="row", row=first.to_plain())
    page.until(lambda: len(comparison.rows) == 2)
    assert [row.strategy for row in comparison.rows] == ["forward/vmap", "reverse/vmap"]
    assert comparison.rows[0].median_s == 1e-3
    job.finish(finished(study()))
    page.until(lambda: comparison.state == "ok")
    assert comparison.study == study()
    assert comparison.rows == [first, second, third]


def test_a_cancelled_comparison_keeps_its_rows_and_hears_no_more(page: Pump) -> None:
    runner = FakeRunner()
    comparison = (session := Session(runner, page.hop)).comparison
    session.run(spec())
    job = runner.last("compare")
    job.emit(type="row", row=rows()[0].to_plain())
    page.until(lambda: comparison.rows)
    session.cancel()
    assert job.cancelled
    assert comparison.state == "cancelled"
    assert comparison.message == "Cancelled. 1 row timed before that stays here."
    job.emit(type="row", row=rows()[1].to_plain())
    page.until(lambda: True)
    assert len(comparison.rows) == 1
    assert not comparison.busy


def test_what_was_only_compiled_is_not_called_timed(page: Pump) -> None:
    runner = FakeRunner()
    comparison = (session := Session(runner, page.hop)).comparison
    session.run(spec())
    job = runner.last("compare")
    for row in rows()[:2]:
        job.emit(type="row", row=row.but(median_s=None).to_plain())
    page.until(lambda: len(comparison.rows) == 2)
    session.cancel()
    assert comparison.message == "Cancelled before anything was timed."


@pytest.mark.parametrize("status", ["failed", "crashed", "timed_out", "out_of_memory", "refused"])
def test_a_comparison_that_ends_badly_says_why(page: Pump, status: Any) -> None:
    runner = FakeRunner()
    comparison = (session := Session(runner, page.hop)).comparison
    session.run(spec())
    runner.last("compare").finish(Outcome(status, "A sentence."))
    page.until(lambda: comparison.state == "failed")
    assert comparison.message == "A sentence."
    session.run(spec())
    assert comparison.state == "busy"


def test_a_second_run_waits_for_the_first(page: Pump) -> None:
    runner = FakeRunner()
    session = Session(runner, page.hop)
    session.run(spec())
    session.run(spec())
    session.sweep(spec())
    assert len(runner.of("compare")) == 1


def test_sweep_goes_from_size_to_size_and_brings_points(page: Pump) -> None:
    runner = FakeRunner()
    comparison = (session := Session(runner, page.hop)).comparison
    session.sweep(spec())
    sizes = [request.size for request in sweep_requests(spec())]
    for count, size in enumerate(sizes, start=1):
        page.until(lambda count=count: len(runner.of("compare")) == count)
        job = runner.last("compare")
        assert job.job.target["knobs"]["batch"] == size
        job.emit(type="row", row=rows()[0].to_plain())
        page.until(lambda size=size: comparison.points and comparison.points[-1][0] == size)
        job.finish(finished(study()))
    page.until(lambda: comparison.sweep_state == "ok")
    assert [size for size, _ in comparison.points] == [size for size in sizes for _ in range(3)]
    assert comparison.study is None


def test_a_cancelled_sweep_sends_nothing_more(page: Pump) -> None:
    runner = FakeRunner()
    session = Session(runner, page.hop)
    session.sweep(spec())
    runner.last("compare").finish(finished(study()))
    page.until(lambda: len(runner.of("compare")) == 2)
    session.cancel()
    assert session.comparison.sweep_state == "cancelled"
    assert session.comparison.sweep_message.startswith("Cancelled. 1 size timed")
    assert len(runner.of("compare")) == 2


def test_the_end_of_a_visit_cancels_its_jobs(page: Pump) -> None:
    runner = FakeRunner(hold=("devices", "matrix", "compare"))
    session = Session(runner, page.hop)
    session.show(spec())
    session.run(spec())
    session.close()
    assert all(handle.cancelled for handle in runner.handles)


def test_keys_are_equal_for_equal_values_only() -> None:
    assert plain_key({"a": 1, "b": [2]}) == plain_key({"b": [2], "a": 1})
    assert plain_key({"f": b"one"}) != plain_key({"f": b"two"})
    assert len(plain_key({"f": b"x" * 10_000})) < 500
    with pytest.raises(TypeError, match="has no plain key"):
        plain_key({"f": object()})


def test_cache_forgets_what_was_used_longest_ago() -> None:
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)
    assert len(cache) == 2


def test_telling_knobs_keep_the_others() -> None:
    knobs = telling_knobs(spec(knobs={"seed": 5, "wrt": "(W, b)"}))
    assert knobs is not None
    assert (knobs["seed"], knobs["wrt"]) == (5, "(W, b)")
    assert knobs["batch"] > 100
    assert telling_knobs(spec(problem="your_function")) is None
