"""Under a memory limit, each strategy is judged by what it takes itself, and by nothing else."""

from __future__ import annotations

import ctypes
import re
import sys
import threading
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope import _room
from jacoscope._gate import Gate
from jacoscope._limits import excess
from jacoscope._measurement import Measurement
from jacoscope._room import Room
from jacoscope._scene import Options, set_scene
from jacoscope.run import Job, LocalRunner, Outcome, problem_target
from jacoscope.run._course import Course

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="watches resident memory")
GLIBC = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="has the allocator give blocks back",
)


@GLIBC
def test_a_program_that_takes_far_more_than_predicted_costs_no_other_row() -> None:
    """Reverse mode over all takes 65 MB here, 445 kB predicted; forward mode takes 29 MB."""
    few, much = ["jax.jacfwd", "forward/vmap", "linearize/vmap"], ["jax.jacrev", "reverse/vmap"]
    fine = [*few, "forward/chunked/8", "reverse/chunked/8", "reverse/map"]
    options = {"memory_limit": 50_000_000, "chunk_sizes": [8], "only": [*fine, *much]}
    target = problem_target("outer_product", {"hidden": 192, "inputs": 192})
    runner = LocalRunner()
    try:
        outcome = runner.submit(Job("compare", target, {**options, "time_limit": 60.0})).result(90)
    finally:
        runner.close()
    assert outcome.status == "ok", outcome.message
    rows = {row.strategy: row for row in jsc.Study.from_plain(outcome.value["study"]).rows}
    assert [rows[name].status for name in fine] == ["ok"] * len(fine)
    for row in rows.values():
        if row.status == "ok":
            assert row.median_s is not None
            assert (row.peak_bytes or 0) <= 52_000_000
        else:
            taken = re.search(r"(?:It took|It had taken) ([\d.]+) MB, above the", row.message)
            assert row.status == "out_of_memory"
            assert taken is not None, row.message
            assert 50 < float(taken[1]) < 120


@LINUX
def test_what_one_call_takes_alone() -> None:
    room = Room(30_000_000)
    held: list[Any] = []

    def call() -> Any:
        held[:] = [np.ones(5_000_000)]  # 40 MB, freed by the next call, or below
        held.clear()
        return jnp.zeros(())

    assert room.rise(call, 3) == pytest.approx(40_000_000, rel=0.1)
    assert room.rise(lambda: jnp.zeros(()), 3) < 5_000_000


@LINUX
def test_a_sample_waits_where_too_little_room_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_room, "_PATIENCE_S", 10.0)
    calls = dict.fromkeys(["small", "large"], lambda: None)
    room = Room(100_000_000)
    ready = room.before(calls, {"small": 1_000_000, "large": 90_000_000})
    held = [np.ones(6_000_000)]  # 48 MB
    freed = threading.Timer(0.2, held.clear)
    freed.start()
    ready("small")
    assert held
    ready("large")
    assert not held
    freed.join()


@pytest.mark.parametrize(
    ("limit", "need", "tight"),
    [
        (90_000_000, 29_000_000, False),
        (90_000_000, 31_000_000, True),
        (100_000, 900_000, False),  # too small a block to be told of
        (600_000_000, 500_000_000, False),  # its blocks go back anyway
    ],
)
def test_what_takes_much_of_the_limit_is_told_so(limit: int, need: int, tight: bool) -> None:
    assert Room(limit).is_tight(need) == tight
    scene = set_scene(jnp.sin, jnp.ones(3), Options(), jax.devices()[0])
    said = Gate(scene, limit, given=True, room=Room(limit)).said_of_time(need)
    assert ("goes back after each call" in said) == tight
    assert not Gate(scene, limit, given=True).said_of_time(need)


class Rises(Room):
    """A room where each call is said to take so much, and counts them."""

    def __init__(self, rise_bytes: int) -> None:
        super().__init__(10**8)
        self.rise_bytes, self.calls = rise_bytes, 0

    def rise(self, call: Any, calls: int) -> int:
        call()
        self.calls += calls
        return self.rise_bytes


def judged(
    rise_bytes: int, first: int, limit: int, *, alone: bool = False, call: Any = lambda: None
) -> tuple[Measurement | None, int]:
    scene = set_scene(jnp.sin, jnp.ones(3), Options(), jax.devices()[0])
    room = Rises(rise_bytes)
    gate = Gate(scene, limit, given=True, room=room, alone=alone)
    row = Measurement(quantity="jacobian", strategy="reverse/vmap", argument_bytes=1_000_000)
    return gate.by_peak(row, call, first), room.calls


def test_a_first_run_alone_is_no_evidence() -> None:
    assert judged(50_000_000, first=70_000_000, limit=60_000_000) == (None, 3)


def test_what_fits_at_first_is_seen_for_long_only_after_a_death() -> None:
    assert judged(90_000_000, first=40_000_000, limit=60_000_000) == (None, 0)
    row, calls = judged(90_000_000, first=40_000_000, limit=60_000_000, alone=True)
    assert calls == 25
    assert row is not None
    assert row.status == "out_of_memory"
    assert row.message == "It took 91 MB, above the memory limit of 60 MB."
    assert row.peak_bytes == 91_000_000


def test_what_is_too_small_to_be_told_is_not_blamed() -> None:
    assert judged(14_000_000, first=14_000_000, limit=1_000_000) == (None, 3)


def test_what_fails_when_it_is_called_again() -> None:
    def fails() -> None:
        raise RuntimeError("only once")

    row, _ = judged(0, first=70_000_000, limit=60_000_000, call=fails)
    assert row is not None
    assert (row.status, row.message) == ("crashed", "f raised RuntimeError: only once")


@pytest.mark.parametrize(
    ("taken", "limit", "said"),
    [
        (31_900_000, 30_000_000, ""),
        (32_100_000, 30_000_000, "It took 32.1 MB, above the memory limit of 30 MB."),
        (2_030_000_000, 2_000_000_000, ""),
        (2_050_000_000, 2_000_000_000, "It took 2.05 GB, above the memory limit of 2 GB."),
    ],
)
def test_a_reading_is_off_by_a_little(taken: int, limit: int, said: str) -> None:
    assert excess(taken, limit) == said


KILLED = Outcome("out_of_memory", "It had taken 80 MB, above the 50 MB that it may, and so on.")


def limited_course(*rows: Measurement) -> Course:
    """A course of two strategies that has heard of these rows."""
    course = Course(Job("compare", {}, {"memory_limit": 50_000_000}), lambda message: None)
    course.note({"type": "started"})
    course.note({"type": "plan", "strategies": ["a", "b"]})
    for row in rows:
        course.note({"type": "stage", "strategy": row.strategy, "stage": "compile"})
        course.note({"type": "row", "row": row.to_plain()})
    return course


def test_a_death_while_all_are_timed_has_each_seen_alone() -> None:
    rows = [Measurement(quantity="jacobian", strategy=name) for name in ("a", "b")]
    course = limited_course(*rows)
    course.note({"type": "stage", "strategy": "", "stage": "time"})
    assert course.after(KILLED, 30.0) is None
    assert course.job.options["one_at_a_time"]
    assert "failed" not in course.job.options
    course.note({"type": "started"})
    course.note({"type": "stage", "strategy": "b", "stage": "compile"})
    assert course.after(KILLED, 20.0) is None
    assert course.job.options["failed"] == {"b": ["out_of_memory", KILLED.message]}
    course.note({"type": "stage", "strategy": "", "stage": "time"})
    final = course.after(KILLED, 10.0)
    assert final is not None
    for row in jsc.Study.from_plain(final.value["study"]).rows:
        assert row.message.startswith("Its worker was stopped while all were timed, and over which")
        assert row.message.endswith(KILLED.message)


def test_one_that_is_killed_late_is_not_taken_for_the_next() -> None:
    over = Measurement("jacobian", "a", status="out_of_memory", message="It took 80 MB.")
    course = limited_course(over)
    course.note({"type": "stage", "strategy": "b", "stage": "compile"})
    assert course.after(KILLED, 30.0) is None
    assert course.job.options["failed"] == {"a": ["out_of_memory", "It took 80 MB."]}
    course.note({"type": "started"})
    course.note({"type": "row", "row": over.to_plain()})
    course.note({"type": "stage", "strategy": "b", "stage": "compile"})
    assert course.after(KILLED, 20.0) is None
    assert course.job.options["failed"]["b"] == ["out_of_memory", KILLED.message]


def test_a_peak_above_the_limit_is_no_row_that_fits() -> None:
    course = limited_course()
    rows = [Measurement(quantity="jacobian", strategy=name, median_s=1.0) for name in ("a", "b")]
    study = jsc.Study(rows=tuple(rows), title="", environment={}).to_plain()
    assert course.after(Outcome("ok", value={"study": study, "heavy": ["a", "b"]}), 30.0) is None
    found = Outcome("ok", value={"peak_bytes": 60_000_000, "source": "measured"})
    assert course.after(found, 20.0) is None
    final = course.after(Outcome("ok", value={"peak_bytes": 49_000_000, "source": ""}), 10.0)
    assert final is not None
    a, b = jsc.Study.from_plain(final.value["study"]).rows
    assert (a.status, a.peak_bytes) == ("out_of_memory", 60_000_000)
    assert a.message == "It took 60 MB, above the memory limit of 50 MB."
    assert (b.status, b.peak_bytes) == ("ok", 49_000_000)
