"""Jobs on a Dask cluster: they come back as from here, and outlive a worker that is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import psutil
import pytest

import jacoscope as jsc
from jacoscope.run import DaskRunner, Job, cluster_runner, dask_runner, function_target
from jacoscope.run import problem_target as problem
from tests.clusters import PATIENCE_S, Cluster, left, until
from tests.clusters import cluster as started

pytest.importorskip("distributed")
LIMIT = "600MB"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with started("--workers", "2", "--memory-limit", LIMIT) as made:
        yield made


@pytest.fixture(scope="module")
def runner(cluster: Cluster) -> Iterator[DaskRunner]:
    made = dask_runner(cluster.address)
    yield made
    made.close()


def endless(pids: Path) -> Any:
    """A function that says which process runs it, and never ends."""

    def f(x: Any) -> Any:
        with pids.open("a") as file:
            file.write(f"{os.getpid()}\n")
        while True:
            pass

    return f


def dask_worker_of(pid: int, cluster: Cluster) -> psutil.Process:
    """Return the Dask worker that a process of a job belongs to."""
    ours = {each.pid: each for each in cluster.workers()}
    return next(ours[each.pid] for each in psutil.Process(pid).parents() if each.pid in ours)


def test_a_matrix_is_right(runner: DaskRunner) -> None:
    target = problem("logistic_regression", {"dtype": "float64"})
    outcome = runner.submit(Job("matrix", target, {"mode": "reverse"})).result(PATIENCE_S)
    assert outcome.status == "ok", outcome.message
    assert outcome.value["closed_form_error"] < 1e-12
    given = jsc.problem("logistic_regression")
    assert given.jacobian is not None
    np.testing.assert_allclose(outcome.value["values"], given.jacobian(given.x), rtol=1e-5)


def test_a_comparison_streams_its_rows_and_says_where(runner: DaskRunner) -> None:
    events: list[dict[str, Any]] = []
    options = {"time_limit": 60.0, "only": ["forward/vmap", "reverse/vmap"]}
    job = Job("compare", problem("logistic_regression"), options)
    outcome = runner.submit(job, events.append).result(PATIENCE_S)
    kinds = [event["type"] for event in events]
    assert [kind for kind in kinds if kind != "queued"][:5] == [
        *("attempt", "worker", "started", "plan", "stage")
    ]
    assert kinds.index("row") < len(kinds) - 5
    study = jsc.Study.from_plain(outcome.value["study"])
    assert [row.status for row in study.rows] == ["ok", "ok"]
    host = os.uname().nodename
    assert (study.hosts, set(study.to_frame()["host"])) == ((host,), {host})
    [attempt] = outcome.attempts
    assert (attempt["host"], attempt["ended"]) == (host, "ok")
    assert attempt["worker"].startswith("tcp://127.0.0.1:")
    assert study.environment["attempts"] == [attempt]


def test_public_calls_take_an_address(
    cluster: Cluster, runner: DaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACOSCOPE_SCHEDULER", cluster.address)
    assert cluster_runner("dask") is runner
    x = jnp.arange(4.0)
    jac = jsc.autotune(jnp.sin, x, runner="dask", time_limit=30.0)
    assert not jac.remembered
    np.testing.assert_allclose(jac(x), np.diag(np.cos(x)), rtol=1e-6)
    assert jac.study.environment["attempts"][0]["ended"] == "ok"


def test_a_crash_is_the_jobs_and_not_tried_again(cluster: Cluster, runner: DaskRunner) -> None:
    before = {each.pid for each in cluster.workers()}
    outcome = runner.submit(Job("matrix", function_target(lambda x: os.abort(), 1.0))).result(60)
    assert (outcome.status, outcome.message) == ("crashed", "The worker process died (SIGABRT).")
    assert [each["ended"] for each in outcome.attempts] == ["crashed"]
    assert {each.pid for each in cluster.workers()} == before


def test_too_much_memory_is_the_jobs(cluster: Cluster, runner: DaskRunner) -> None:
    def greedy(x: Any) -> Any:
        held = [np.ones(2**26) for _ in range(2)]  # 1 GB
        return x * len(held)

    before = {each.pid for each in cluster.workers()}
    outcome = runner.submit(Job("matrix", function_target(greedy, 1.0))).result(PATIENCE_S)
    assert outcome.status == "out_of_memory"
    assert "above the 600 MB that it may" in outcome.message
    assert {each.pid for each in cluster.workers()} == before


def test_cancel_ends_the_job_and_nothing_else(
    cluster: Cluster, runner: DaskRunner, tmp_path: Path
) -> None:
    before = {each.pid for each in cluster.workers()}
    pids = tmp_path / "pids"
    handle = runner.submit(Job("compare", function_target(endless(pids), 1.0)))
    at_work = psutil.Process(int(until(pids)[0]))
    handle.cancel()
    assert handle.result(5).status == "cancelled"
    assert left([at_work]) == []
    assert {each.pid for each in cluster.workers()} == before


def test_a_worker_that_is_lost_costs_an_attempt(
    cluster: Cluster, runner: DaskRunner, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"

    def slow_at_first(x: Any) -> Any:
        first = not pids.exists()
        with pids.open("a") as file:
            file.write(f"{os.getpid()}\n")
        while first:
            pass
        return jnp.sin(x)

    events: list[dict[str, Any]] = []
    options = {"time_limit": 60.0, "only": ["forward/vmap"]}
    job = Job("compare", function_target(slow_at_first, jnp.ones(3)), options)
    handle = runner.submit(job, events.append)
    dask_worker_of(int(until(pids)[0]), cluster).send_signal(signal.SIGKILL)
    outcome = handle.result(PATIENCE_S)
    assert outcome.status == "ok", outcome.message
    lost, last = outcome.attempts
    assert (lost["ended"], last["ended"]) == ("the worker was lost", "ok")
    assert lost["worker"] != last["worker"]
    [row] = jsc.Study.from_plain(outcome.value["study"]).rows
    said = f"Measured at attempt 2: before, the worker was lost ({lost['worker']})."
    assert (row.status, row.message) == ("ok", said)
    assert [each["attempt"] for each in events if each["type"] == "attempt"] == [1, 2]


@pytest.mark.slow
def test_a_stopped_worker_is_started_again_by_cancel(
    cluster: Cluster, runner: DaskRunner, tmp_path: Path
) -> None:
    end = time.monotonic() + PATIENCE_S
    while len(cluster.workers()) < 2:  # the one before comes back
        assert time.monotonic() < end
        time.sleep(0.05)
    pids = tmp_path / "pids"
    handle = runner.submit(Job("compare", function_target(endless(pids), 1.0)))
    at_work = psutil.Process(int(until(pids)[0]))
    worker = dask_worker_of(at_work.pid, cluster)
    worker.suspend()  # it can neither see that the job is unwanted nor end it
    handle.cancel()
    assert handle.result(5).status == "cancelled"
    assert left([worker, at_work]) == []
