"""Work in worker processes: it comes back right, and whatever happens there stays there."""

from __future__ import annotations

import gc
import os
import re
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest

import jacoscope as jsc
from jacoscope.run import Job, LocalRunner, Outcome, function_target, problem_target
from jacoscope.run._course import Course
from jacoscope.run._wire import pack, unpack


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    started = LocalRunner(cpu_devices=2)
    yield started
    started.close()


def compare_job(f: Any, x: Any, **options: Any) -> Job:
    return Job("compare", function_target(f, x), options)


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run after five seconds; one that waits for a parent to ask does not run."""
    _, alive = psutil.wait_procs(processes, timeout=5)
    return [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def rows_of(outcome: Any) -> dict[str, Any]:
    assert outcome.status == "ok", outcome.message
    return {row.strategy: row for row in jsc.Study.from_plain(outcome.value["study"]).rows}


def test_wire_round_trip() -> None:
    value = {
        "a": [1, 2.5, None, True, "é", b"\0bytes"],
        "array": np.arange(6, dtype=np.float32).reshape(2, 3),
        "empty": np.zeros((0, 3)),
        "scalar": np.float64(2.0),
    }
    back = unpack(pack(value))
    assert back["a"] == value["a"]
    assert back["scalar"] == 2.0
    for name in ("array", "empty"):
        np.testing.assert_array_equal(back[name], value[name])
        assert back[name].dtype == value[name].dtype


def test_wire_takes_plain_data_only() -> None:
    with pytest.raises(TypeError, match="A object can't be sent as plain data"):
        pack({"x": object()})
    with pytest.raises(TypeError, match="An array of object can't be sent"):
        pack(np.array([object()]))
    message = pack(np.ones(3))
    with pytest.raises(ValueError, match="cut short"):
        unpack(message[:-1])
    with pytest.raises(ValueError, match="not plain data"):
        unpack(message.replace(b"<f8", b"|O8"))


def test_devices(runner: LocalRunner) -> None:
    found = runner.submit(Job("devices")).result(60).value["devices"]
    assert [each["name"] for each in found] == ["cpu:0", "cpu:1"]


def test_a_matrix(runner: LocalRunner) -> None:
    target = problem_target("logistic_regression", {"wrt": "(W, b)", "dtype": "float64"})
    job = Job("matrix", target, {"mode": "reverse", "batching": "chunked", "chunk_size": 3})
    value = runner.submit(job).result(60).value
    problem = jsc.problem("logistic_regression", wrt="(W, b)")
    assert problem.jacobian is not None
    by_w, by_b = problem.jacobian(problem.x)
    np.testing.assert_allclose(value["values"], np.c_[by_w, by_b], rtol=1e-5)
    assert value["strategy"] == "reverse/chunked/3"
    assert value["pytree"]
    assert value["group"] == 3
    assert value["column_labels"] == ["x[0][0]", "x[0][1]", "x[0][2]", "x[1]"]
    assert value["row_labels"] == ["y[0]", "y[1]", "y[2]", "y[3]"]
    assert value["column_blocks"] == [["x[0]", 0, 3], ["x[1]", 3, 4]]
    assert (value["passes_forward"], value["passes_reverse"]) == (4, 4)
    assert value["closed_form_error"] < 1e-12


def test_advice(runner: LocalRunner) -> None:
    target = problem_target("tall_curve", {"points": 512})
    value = runner.submit(Job("advise", target, {"quantity": "jacobian"})).result(60).value
    problem = jsc.problem("tall_curve", points=512)
    assert jsc.Advice(**value["advice"]) == jsc.advise(problem.f, problem.x)


def test_a_large_matrix_is_reduced(runner: LocalRunner) -> None:
    n = 1300

    def f(x: Any) -> Any:
        return jnp.where(jnp.arange(n) == 700, 5 * x[::-1], x)

    value = runner.submit(Job("matrix", function_target(f, jnp.ones(n)))).result(60).value
    assert value["reduced"]
    assert value["values"].shape == (434, 434)
    assert value["values"][700 // 3, (n - 1 - 700) // 3] == 5
    assert value["row_labels"][0] == "y[0] … y[2]"
    assert value["n_out"] == n


def test_events_come_in_order(runner: LocalRunner) -> None:
    events: list[dict[str, Any]] = []
    job = Job("compare", problem_target("logistic_regression"), {"time_limit": 30.0})
    rows = rows_of(runner.submit(job, events.append).result(60))
    kinds = [event["type"] for event in events]
    assert kinds[:4] == ["worker", "started", "plan", "stage"]
    assert events[2]["strategies"] == list(rows)
    assert all(row.median_s for row in rows.values())


def test_cancel_running_and_waiting(runner: LocalRunner) -> None:
    def endless(x: Any) -> Any:
        while True:
            pass

    events: list[dict[str, Any]] = []
    first = runner.submit(compare_job(endless, 1.0), events.append)
    second = runner.submit(compare_job(endless, 1.0), events.append)
    while {"type": "queued", "place": 1} not in events:
        time.sleep(0.01)
    second.cancel()
    assert second.result(5).status == "cancelled"
    first.cancel()
    assert first.result(5).status == "cancelled"
    rows_of(runner.submit(compare_job(jnp.sin, jnp.ones(2))).result(60))


@pytest.mark.parametrize("way", ["abort", "exit", "unpicklable", "system_exit", "prints"])
def test_a_worker_that_dies_is_a_row(runner: LocalRunner, way: str) -> None:
    def f(x: Any) -> Any:
        class UnpicklableError(Exception):
            def __reduce__(self) -> Any:
                raise TypeError("not me")

        match way:
            case "abort":
                os.abort()
            case "exit":
                os._exit(3)
            case "unpicklable":
                raise UnpicklableError("trouble")
            case "system_exit":
                raise SystemExit("out")
            case _:
                print("much " * 20_000_000)
        return jnp.sin(x)

    outcome = runner.submit(compare_job(f, jnp.ones(2), time_limit=30.0)).result(60)
    rows = rows_of(outcome)
    sentences = {
        "abort": "The worker process died (SIGABRT).",
        "exit": "The worker process died (exit code 3).",
        "unpicklable": "f raised UnpicklableError: trouble",
        "system_exit": "f raised SystemExit: out",
    }
    for row in rows.values():
        if way == "prints":
            assert row.status == "ok"
            # 100 MB at each trace, and there are several
            assert re.fullmatch(r"f printed [\d.]+ GB of text, .* nowhere\.", row.message)
        else:
            assert (row.status, row.message) == ("crashed", sentences[way])


def test_the_strategy_that_kills_is_left_out(runner: LocalRunner) -> None:
    def f(x: Any) -> Any:
        frame: Any = sys._getframe()
        while frame is not None:
            if frame.f_code.co_qualname.startswith("jacrev"):
                os.abort()
            frame = frame.f_back
        return jnp.sin(x)

    # the reference is jax.jacfwd here, so only the strategy jax.jacrev dies
    rows = rows_of(runner.submit(compare_job(f, jnp.ones(2), time_limit=60.0)).result(90))
    assert rows["jax.jacrev"].status == "crashed"
    assert "SIGABRT" in rows["jax.jacrev"].message
    assert {row.status for name, row in rows.items() if name != "jax.jacrev"} == {"ok"}


def test_an_endless_loop_ends_at_the_time_limit(runner: LocalRunner) -> None:
    def endless(x: Any) -> Any:
        while True:
            pass

    begin = time.monotonic()
    rows = rows_of(runner.submit(compare_job(endless, 1.0, time_limit=2.0)).result(30))
    assert {row.status for row in rows.values()} == {"timed_out"}
    assert time.monotonic() - begin < 10


def test_closing_leaves_no_process() -> None:
    own = LocalRunner()
    own.submit(Job("devices")).result(60)
    assert own._process is not None
    family = psutil.Process(own._process.pid).children(recursive=True)
    assert family
    own.close()
    assert not still_running(family)


def test_who_listened_is_forgotten(runner: LocalRunner) -> None:
    class Listener:
        def heard(self, event: dict[str, Any]) -> None:
            pass

    listener = Listener()
    gone = weakref.ref(listener)
    assert runner.submit(Job("devices"), listener.heard).result(60).status == "ok"
    del listener
    end = time.monotonic() + 5
    while gone() is not None:
        assert time.monotonic() < end
        time.sleep(0.01)
        gc.collect()


def test_a_launcher_that_dies_is_replaced() -> None:
    def endless(x: Any) -> Any:
        while True:
            pass

    own = LocalRunner()
    job = compare_job(endless, 1.0)
    handle = own.submit(job)
    own.submit(Job("devices")).result(60)
    assert own._process is not None
    family = psutil.Process(own._process.pid).children(recursive=True)
    own._process.kill()
    outcome = handle.result(10)
    assert (outcome.status, outcome.message) == ("crashed", "The worker launcher has ended.")
    assert not still_running(family)
    assert own.submit(Job("devices")).result(60).status == "ok"
    own.close()


def one_sine(x: Any) -> Any:
    return 1 * jnp.sin(x)


checkpointed: Any = jax.checkpoint(one_sine)  # pyright: ignore[reportPrivateImportUsage]


@pytest.mark.parametrize(
    "f",
    [
        jnp.sin,
        jax.jit(one_sine),
        jax.vmap(one_sine),
        jax.grad(lambda x: -jnp.sum(jnp.cos(x))),
        checkpointed,
        lambda x: jax.lax.scan(lambda c, _: (checkpointed(c), None), x, None, 1)[0],
    ],
    ids=["jax", "jit", "vmap", "grad", "checkpoint", "scan"],
)
def test_transformed_functions_travel(runner: LocalRunner, f: Any) -> None:
    x = jnp.arange(3.0)
    outcome = runner.submit(Job("matrix", function_target(f, x), {"mode": "reverse"})).result(60)
    assert outcome.status == "ok", outcome.message
    np.testing.assert_allclose(outcome.value["values"], np.diag(np.cos(x)), rtol=1e-5)
    assert not outcome.value["pytree"]


def test_a_jitted_function_is_compared(runner: LocalRunner) -> None:
    target = function_target(jax.jit(one_sine), jnp.arange(3.0))
    outcome = runner.submit(Job("compare", target, {"chunk_sizes": [], "time_limit": 30.0}))
    rows = rows_of(outcome.result(60))
    assert {(row.status, row.message) for row in rows.values()} == {("ok", "")}
    assert all(row.cost_of_f for row in rows.values())


def test_a_large_function_is_written_once() -> None:
    rng = np.random.default_rng(0)
    weights = [jnp.asarray(rng.normal(size=(2, 400_000)), jnp.float32) for _ in range(4)]
    own = LocalRunner()

    def target_of(w: Any) -> Any:
        return function_target(lambda x: w[:, :3] @ x, jnp.ones(3))

    def matrix(target: Any) -> Any:
        return own.submit(Job("matrix", target)).result(60).value["values"]

    def files() -> list[Path]:
        assert own._spool is not None
        assert own._spool.folder is not None
        return sorted(own._spool.folder.iterdir())

    first = target_of(weights[0])
    for _ in range(2):
        np.testing.assert_allclose(matrix(first), weights[0][:, :3], rtol=1e-6)
        assert [path.stat().st_size for path in files()] == [len(first["content"])]
    for w in weights[1:]:
        np.testing.assert_allclose(matrix(target_of(w)), w[:, :3], rtol=1e-6)
    assert len(files()) == 3  # of four
    np.testing.assert_allclose(matrix(first), weights[0][:, :3], rtol=1e-6)
    small = function_target(jnp.sin, jnp.ones(3))
    matrix(small)
    assert len(files()) == 3
    folder = files()[0].parent
    assert folder.stat().st_mode & 0o077 == 0
    own.close()
    assert not folder.exists()


def test_what_is_left_of_a_comparison_keeps_its_environment() -> None:
    course = Course(Job("compare"), lambda message: None)
    course.note({"type": "plan", "strategies": ["a", "b"], "environment": {"jax": "0"}})
    final = course.after(Outcome("crashed", "Gone."), 0.0)
    assert final is not None
    study = jsc.Study.from_plain(final.value["study"])
    assert study.environment == {"jax": "0"}
    assert [(row.strategy, row.status) for row in study.rows] == [
        ("a", "crashed"),
        ("b", "crashed"),
    ]


def test_a_worker_that_dies_over_two_strategies_is_followed_by_one_that_takes_one() -> None:
    stage = {"type": "stage", "strategy": "a", "beside": ["b"], "stage": "compile"}
    course = Course(Job("compare"), lambda message: None)
    course.note(stage)
    assert course.after(Outcome("crashed", "Gone."), 5.0) is None
    assert course.job.options == {"one_at_a_time": True, "time_limit": 5.0}
    course.note({**stage, "beside": []})
    assert course.after(Outcome("crashed", "Gone."), 4.0) is None
    assert course.job.options["failed"] == {"a": ["crashed", "Gone."]}
    course = Course(Job("compare"), lambda message: None)
    course.note(stage)
    assert course.after(Outcome("timed_out", "Late."), 5.0) is None
    assert course.job.options["failed"] == {"a": ["timed_out", "Late."]}


@pytest.mark.skipif(not hasattr(os, "nice"), reason="the system has no niceness")
def test_workers_stand_back_where_they_are_told_to() -> None:
    runner = LocalRunner()
    runner.niceness = 5
    pids: list[int] = []

    def on_event(event: dict[str, Any]) -> None:
        if event["type"] == "worker":
            pids.append(event["pid"])

    try:
        assert runner.submit(Job("devices"), on_event).result(60).status == "ok"
        assert psutil.Process(pids[0]).nice() == psutil.Process().nice() + 5
    finally:
        runner.close()
