"""Faults: workers killed at any moment, memory that was not foreseen, compiles that go on."""

from __future__ import annotations

import ctypes
import os
import random
import re
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest

import jacoscope as jsc
from jacoscope.run import Job, LocalRunner, function_target
from load.killed_workers import NEXT_S, Killed


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    started = LocalRunner()
    started.submit(Job("devices")).result(60)
    yield started
    started.close()


def job(f: Any, x: Any, **options: Any) -> Job:
    return Job("compare", function_target(f, x), options)


def study_of(outcome: Any) -> jsc.Study:
    assert outcome.status == "ok", outcome.message
    return jsc.Study.from_plain(outcome.value["study"])


def workers(runner: LocalRunner) -> list[psutil.Process]:
    assert runner._process is not None
    family = psutil.Process(runner._process.pid).children(recursive=True)
    return [each for each in family if each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(
    ("times", "seed"),
    [(3, 4), *(pytest.param(20, seed, marks=pytest.mark.slow) for seed in range(5))],
)
def test_workers_killed_at_random_moments(runner: LocalRunner, times: int, seed: int) -> None:
    """By three signals in turn; `benchmarks/load/killed_workers.py` has the figures."""
    moments = random.Random(seed)
    usual = len(workers(runner))
    for number in range(times):
        killed = Killed.at_random(moments, number).run(runner)
        assert not killed.lost, (killed.outcome, killed.bystander)
        if killed.next_s is not None:  # two seconds, with a margin for a machine that is busy
            assert killed.next_s < 5 * NEXT_S
    assert runner.submit(Job("devices")).result(30).status == "ok"
    until = time.monotonic() + 10
    while len(workers(runner)) > usual + 1 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(workers(runner)) <= usual + 1  # the fresh worker for peaks may have come


def idle_worker(runner: LocalRunner) -> psutil.Process:
    """The worker that waits for the next comparison."""
    pids: list[int] = []

    def on_event(event: dict[str, Any]) -> None:
        if event["type"] == "worker":
            pids.append(event["pid"])

    runner.submit(job(jnp.sin, jnp.ones(2)), on_event).result(60)
    return psutil.Process(pids[-1])


@pytest.mark.parametrize("wait_s", [0.0, 0.05, 0.15])
def test_a_worker_killed_before_it_has_begun(runner: LocalRunner, wait_s: float) -> None:
    idle_worker(runner).kill()
    time.sleep(wait_s)
    study = study_of(runner.submit(job(jnp.sin, jnp.ones(2))).result(60))
    assert {row.status for row in study.rows} == {"ok"}


@pytest.mark.slow
def test_a_worker_that_never_begins_is_replaced(runner: LocalRunner) -> None:
    stuck = idle_worker(runner)
    stuck.suspend()
    study = study_of(runner.submit(job(jnp.sin, jnp.ones(2))).result(90))
    assert {row.status for row in study.rows} == {"ok"}
    psutil.wait_procs([stuck], timeout=10)
    assert not stuck.is_running()


def test_a_compile_is_cancelled(runner: LocalRunner) -> None:
    events: list[dict[str, Any]] = []

    def unrolled(x: Any) -> Any:
        for _ in range(2_000):
            x = jnp.tanh(x @ x)
        return x

    compiling = threading.Event()

    def on_event(event: dict[str, Any]) -> None:
        events.append(event)
        if event["type"] == "stage" and event["stage"] == "compile":
            compiling.set()

    handle = runner.submit(job(unrolled, jnp.ones((3, 3))), on_event)
    assert compiling.wait(50), events
    pids = [event["pid"] for event in events if event["type"] == "worker"]
    time.sleep(1)
    begin = time.monotonic()
    handle.cancel()
    outcome = handle.result(10)
    while psutil.pid_exists(pids[-1]) and psutil.Process(pids[-1]).status() != "zombie":
        assert time.monotonic() < begin + 1
        time.sleep(0.01)
    assert (outcome.status, outcome.message) == ("cancelled", "Cancelled.")
    assert runner.submit(Job("devices")).result(30).status == "ok"


def test_a_program_that_segfaults_in_xla(runner: LocalRunner) -> None:
    """Of the kind of jax#39257 and jax#40412: f alone dies in XLA's YNN fusion on jaxlib 0.10.2.

    Its products don't. On versions and processors where f lives, nothing may be lost either.
    """

    def f(u: Any) -> Any:
        return jnp.sum(u * jnp.roll(u, 1, 4), axis=3)

    x = jnp.linspace(0.0, 1.0, 6144).reshape(3, 1, 2, 2, 8, 8, 8)
    target = function_target(f, x, vectors=2)
    options = {"quantity": "jmp", "chunk_sizes": [1]}
    study = study_of(runner.submit(Job("compare", target, options)).result(100))
    names = ["forward/vmap", "forward/chunked/1", "forward/map", "forward/loop"]
    assert [row.strategy for row in study.rows] == names
    for row in study.rows:
        assert row.status in ("ok", "crashed")
        if row.status == "crashed":
            assert row.message == "The worker process died (SIGSEGV)."
        elif study.f_s is None:
            assert row.median_s is not None
            assert row.cost_of_f is None
            assert row.message.endswith("as f alone failed. The worker process died (SIGSEGV).")
    assert runner.submit(Job("devices")).result(30).status == "ok"


@pytest.mark.slow
def test_the_program_of_jax_39257(runner: LocalRunner) -> None:
    """It segfaults or hangs on some processors with jaxlib 0.10.2: one row lost, no other."""

    def f(x: Any) -> Any:
        seen, likelihood = x
        summed = jnp.sum(seen[..., None, None, None, None, None] * likelihood, axis=2)
        return jnp.log(jnp.maximum(summed, 1e-16))

    x = jnp.ones((10, 4, 6)), jnp.ones((10, 4, 6, 9, 9, 9, 9, 9))
    target = function_target(f, x, vectors=1)
    options = {"quantity": "jmp", "chunk_sizes": [], "time_limit": 100.0}
    study = study_of(runner.submit(Job("compare", target, options)).result(150))
    by_name = {row.strategy: row for row in study.rows}
    assert list(by_name) == ["forward/vmap", "forward/map", "forward/loop"]
    assert {row.status for row in study.rows} <= {"ok", "crashed", "timed_out"}
    assert by_name["forward/map"].status == by_name["forward/loop"].status == "ok"
    assert runner.submit(Job("devices")).result(30).status == "ok"


@pytest.mark.parametrize("tune", [False, True])
def test_a_strategy_that_segfaults(runner: LocalRunner, tune: bool) -> None:
    """A linear map whose transpose reads address 0: only what transposes it dies.

    JAX can't batch a `linear_call`, so each `vmap` says that, and loops remain. A tuning, which
    has two strategies at work at once and no unrolled loops, finds out which one it was.
    """

    def fault(u: Any) -> Any:
        ctypes.string_at(0)
        return u

    def transpose(_: Any, u: Any) -> Any:
        return jax.pure_callback(fault, jax.ShapeDtypeStruct(u.shape, u.dtype), u)

    def f(x: Any) -> Any:
        return jax.custom_derivatives.linear_call(lambda _, x: 2 * x, transpose, (), jnp.sin(x))

    asked = job(f, jnp.ones(2), chunk_sizes=[], tune=tune)
    rows = study_of(runner.submit(asked).result(100)).rows
    found = {row.strategy: (row.status, row.message) for row in rows}
    ways = ["map"] if tune else ["map", "loop"]
    for way in ways:
        assert found[f"reverse/{way}"] == ("crashed", "The worker process died (SIGSEGV).")
        assert found[f"forward/{way}"] == ("ok", "")
    if not tune:  # which leaves out what can't be traced
        assert "Batching rule for 'linear_call'" in found["forward/vmap"][1]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="watches resident memory")
def test_forty_gigabytes_are_refused_without_growing(runner: LocalRunner) -> None:
    before = psutil.Process().memory_info().rss
    asked = job(jnp.sin, jnp.ones(100_000), memory_limit=2 * 10**9)
    study = study_of(runner.submit(asked).result(60))
    dense = [row for row in study.rows if row.batching != "colored"]
    assert {row.status for row in dense} == {"refused"}
    assert {row.status for row in study.rows} <= {"refused", "unsupported"}  # without asdex
    assert "It needs 40 GB" in study.rows[0].message
    assert psutil.Process().memory_info().rss - before < 50_000_000


def hungry(total_bytes: int) -> Any:
    """A function that takes memory which no prediction sees."""

    def hog(x: Any) -> Any:
        held = []
        for _ in range(total_bytes // 8_000_000):
            held.append(np.ones(1_000_000))
            time.sleep(0.001)
        return x * len(held)

    def f(x: Any) -> Any:
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return x * jax.pure_callback(hog, shape, jax.lax.stop_gradient(x))

    return f


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="watches resident memory")
@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_memory_that_was_not_foreseen(runner: LocalRunner, times: int) -> None:
    limit = 300_000_000
    before = psutil.Process().memory_info().rss
    for _ in range(times):
        outcome = runner.submit(job(hungry(3_000_000_000), jnp.ones(2), memory_limit=limit))
        for row in study_of(outcome.result(120)).rows:
            assert row.status == "out_of_memory"
            taken = re.search(r"It had taken (\d+) MB, above the 300 MB that it may", row.message)
            assert taken is not None, row.message
            assert int(taken[1]) <= 1.2 * 300
    assert psutil.Process().memory_info().rss - before < 50_000_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="watches resident memory")
def test_a_compile_that_eats_memory(runner: LocalRunner) -> None:
    """While its program is made, not while it runs; f is traced for each of them."""

    def f(x: Any) -> Any:
        held = []
        for _ in range(375):  # 3 GB
            held.append(np.ones(1_000_000))
            time.sleep(0.001)
        return jnp.sin(x) * (1 + len(held))

    before = psutil.Process().memory_info().rss
    asked = job(f, jnp.ones(2), memory_limit=600_000_000, time_limit=60.0)
    rows = study_of(runner.submit(asked).result(120)).rows
    assert {row.status for row in rows} == {"out_of_memory"}
    for row in rows:
        taken = re.search(r"It had taken (\d+) MB, above .*, while it was compiled", row.message)
        assert taken is not None, row.message
        assert int(taken[1]) <= 1.2 * 600
    assert psutil.Process().memory_info().rss - before < 50_000_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="watches resident memory")
def test_what_compiling_leaves_behind_is_no_programs_own(runner: LocalRunner) -> None:
    p = jsc.problem("square_mlp", width=128, depth=6)
    ways = ("forward", "reverse", "linearize")
    only = [f"{way}/{how}" for way in ways for how in ("vmap", "chunked/8", "chunked/32", "map")]
    asked = job(p.f, p.x, memory_limit=10**7, chunk_sizes=[8, 32], only=only, time_limit=60.0)
    events: list[Any] = []
    study = study_of(runner.submit(asked, events.append).result(90))
    assert {row.status for row in study.rows} == {"ok"}
    assert all(row.predicted_bytes < 10**6 for row in study.rows if row.predicted_bytes)
    assert all(row.error is not None and row.error < 1e-4 for row in study.rows)
    assert not any(event["type"] == "runs" for event in events)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the high-water mark")
def test_peaks_are_measured_and_stand_beside_the_prediction(runner: LocalRunner) -> None:
    n = 2_400  # J takes 23 MB

    def f(x: Any) -> Any:
        return jnp.sin(x) * x

    only = ["reverse/chunked/64"]
    asked = job(f, jnp.linspace(0.0, 1.0, n), chunk_sizes=[64], only=only, time_limit=100.0)
    study = study_of(runner.submit(asked).result(150))
    row = study.row("reverse/chunked/64")
    assert row.predicted_bytes is not None
    assert row.peak_bytes is not None
    assert row.peak_bytes == pytest.approx(row.predicted_bytes, rel=0.3)
    assert row.memory_source is not None
    assert row.memory_source.startswith("predicted by XLA")
    assert "measured: rise of resident memory, fresh process" in row.memory_source
    small = study_of(runner.submit(job(f, jnp.ones(3))).result(100))
    assert all(row.peak_bytes is None for row in small.rows)
    assert all("peak unknown: too small" in str(row.memory_source) for row in small.rows)


def test_no_process_outlives_its_caller(tmp_path: Path) -> None:
    script = """
        import os, jacoscope as jsc, jax.numpy as jnp
        from jacoscope.run import Job, function_target, local_runner
        def endless(x):
            while True: pass
        runner = local_runner()
        runner.submit(Job("compare", function_target(endless, 1.0)))
        runner.submit(Job("devices")).result()
        print(runner._process.pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    path = os.pathsep.join(sys.path)
    done = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    with done, done.stdout as printed:  # pyright: ignore[reportOptionalContextManager]
        launcher = psutil.Process(int(printed.readline()))
        family = [launcher, *launcher.children(recursive=True)]
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
