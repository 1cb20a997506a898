"""What a sandbox says is let through in measure and in form, or ends its job."""

from __future__ import annotations

import contextlib
import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jacoscope as jsc
from jacoscope.run import Job, problem_target
from jacoscope.run import _answers as answers
from jacoscope.run._answers import Answers
from jacoscope.run._inline import run_job
from jacoscope.run._wire import pack
from jacoscope.run._work import perform

ROW = {"quantity": "jacobian", "strategy": "jax.jacfwd"}


def framed(head: bytes, behind: bytes = b"") -> bytes:
    return struct.pack(">Q", len(head)) + head + behind


def test_what_a_worker_says_passes() -> None:
    said: list[Any] = []
    job = Job("compare", problem_target("tanh_sum"), {"time_limit": 2.0})
    outcome = run_job(job, said.append)
    reader = Answers("compare")
    for event in said:
        passed = reader.read(pack({"event": event}))
        assert passed == ("event", event)
    what, passed = reader.read(pack({"outcome": vars(outcome)}))
    assert what == "outcome"
    assert passed["value"] == outcome.value
    assert jsc.Study.from_plain(passed["value"]["study"]).rows


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("matrix", {"pid": 1, "rss": 0, "call": "1.1"}),
        ("matrix", {"event": {"type": "worker", "pid": 1}}),
        ("matrix", {"event": {"type": "started"}, "pid": 1}),
        ("matrix", {"event": ["started"]}),
        ("matrix", {"turn": "timing"}),
        ("matrix", {"outcome": {"status": "cancelled", "message": "", "value": {}}}),
        ("matrix", {"outcome": {"status": "failed", "message": ["x"], "value": {}}}),
        ("matrix", {"outcome": {"status": "ok", "message": "", "value": []}}),
        ("compare", {"event": {"type": "plan", "strategies": 5}}),
        ("compare", {"event": {"type": "plan", "strategies": [["x"]]}}),
        ("compare", {"event": {"type": "stage", "strategy": 1, "stage": "time", "beside": []}}),
        ("compare", {"event": {"type": "row", "row": {"strategy": 1}}}),
        ("compare", {"outcome": {"status": "ok", "value": {"study": 1, "heavy": []}}}),
        ("peak", {"outcome": {"status": "ok", "value": {"peak_bytes": "x", "source": ""}}}),
    ],
)
def test_what_no_worker_says_is_refused(kind: Any, said: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        Answers(kind).read(pack(said))


@pytest.mark.parametrize("heavy", [["jax.jacfwd", "jax.jacfwd"], ["other"], "jax.jacfwd", [[]]])
def test_peaks_are_those_of_its_rows(heavy: Any) -> None:
    study = jsc.Study(rows=(jsc.Measurement.from_plain(ROW),)).to_plain()
    said = {"outcome": {"status": "ok", "value": {"study": study, "heavy": heavy}}}
    with pytest.raises(ValueError, match="strateg"):
        Answers("compare").read(pack(said))


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"", "cut short"),
        (framed(b"[" * 40_000 + b"]" * 40_000), "too deep"),
        (framed(b"[" * 200 + b"]" * 200), "too deep"),
        (framed(b'{"$array": "O", "shape": []}', bytes(8)), "not plain data"),
        (framed(b'{"$array": "(1", "shape": []}', bytes(8)), "not plain data"),
        (framed(b'{"$array": ["<f8"], "shape": []}', bytes(8)), "not plain data"),
        (framed(b'{"$array": "<f8", "shape": [2]}', bytes(8)), "cut short"),
        (framed(b'{"$array": "<f8", "shape": [0, 1%s]}' % (b"0" * 30)), "."),
        (framed(b'{"$array": "<f8", "shape": "x"}', bytes(8)), "not of this form"),
        (framed(b'{"$array": "<f8"}', bytes(8)), "not of this form"),
        (framed(b"9" * 5_000), "."),
    ],
    ids=range(11),
)
def test_what_is_no_plain_data_is_refused(frame: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Answers("matrix").read(frame)


VALUES = pack({"outcome": {"status": "ok", "message": "", "value": {"x": [[]] * 300_000}}})
BYTES = pack({"outcome": {"status": "ok", "message": "", "value": {"x": np.zeros(2**22)}}})
EVENT = pack({"event": {"type": "started"}})


@pytest.mark.parametrize(
    ("message", "times", "why"),
    [(VALUES, 1, "more than"), (BYTES, 7, "more than any job"), (EVENT, 5_000, "more than any")],
    ids=["values", "bytes", "events"],
)
def test_there_is_an_end_to_what_it_may_say(message: bytes, times: int, why: str) -> None:
    assert len(message) < answers.LONGEST
    reader = Answers("matrix")
    for _ in range(times):
        reader.read(message)
    with pytest.raises(ValueError, match=why):
        reader.read(message)


def test_a_sentence_is_one_to_be_shown() -> None:
    said = {"outcome": {"status": "failed", "message": "x" * 10**6, "value": {"a": 1}}}
    assert Answers("matrix").read(pack(said)) == (
        "outcome",
        {"status": "failed", "message": "x" * 2_000},
    )


NAMES = (
    *("event", "outcome", "turn", "type", "status", "value", "row", "strategy", "study", "rows"),
    *("strategies", "$array", "$bytes", "shape", "heavy", "quantity", "schema"),
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            each,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(plain | st.builds(lambda each: {"event": each}, plain), st.binary(max_size=20))
def test_anything_passes_or_is_refused(said: Any, behind: bytes) -> None:
    with contextlib.suppress(ValueError):
        Answers("compare").read(framed(json.dumps(said).encode(), behind))


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Answers("matrix").read(frame)


@pytest.mark.parametrize("kind", ["matrix", "structure", "inside", "advise", "products", "peak"])
def test_time_counts_before_code_runs(kind: Any) -> None:
    events: list[str] = []
    target = {"kind": "source", "source": "raise OSError", "dtype": "float32"}
    options = {"strategy": "jax.jacfwd"} if kind == "peak" else {}
    with pytest.raises(ValueError, match="Line 1 of the code raised OSError"):
        perform(Job(kind, target, options), lambda event: events.append(event["type"]))
    assert events == ["started"]
