"""A worker that sends what it should not: nothing of it runs, and the next job goes on."""

from __future__ import annotations

import copyreg
import os
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from multiprocessing import Pipe
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import jax.numpy as jnp
import psutil
import pytest

from jacoscope.run import Job, LocalRunner, Outcome, function_target
from jacoscope.run import _lane as lanes
from jacoscope.run._lane import Lane
from jacoscope.run._launcher import _listen
from jacoscope.run._plain_pipe import PlainContext
from jacoscope.run._wire import pack

SAID = "The worker process sent what can't be read, and was stopped."
DEEP = "[" * 100_000 + "]" * 100_000


def _message(head: str, *buffers: bytes) -> bytes:
    return b"".join([len(head.encode()).to_bytes(8, "big"), head.encode(), *buffers])


def _event(text: str, *buffers: bytes) -> bytes:
    return _message(f'{{"event": {text}}}', *buffers)


def _array(dtype: str, shape: str, *buffers: bytes) -> bytes:
    return _event(f'{{"type": "a", "a": {{"$array": "{dtype}", "shape": {shape}}}}}', *buffers)


LIES = {
    "garbage": b"\xff" * 100,
    "no length": b"\0\0",
    "a length of 2**63": b"\x80" + bytes(7) + b"{}",
    "no JSON": _message("{event}"),
    "no UTF-8": bytes(7) + b"\2\xff\xfe",
    "a list": _message("[1, 2]"),
    "a number": _message("NaN"),
    "another thing": _message('{"ended": "yes"}'),
    "nested": _event(f'{{"type": "a", "a": {DEEP}}}'),
    "5,000 digits": _event(f'{{"type": "a", "a": {"7" * 5_000}}}'),
    "an event of no type": _event("{}"),
    "an event of another form": _event('"started"'),
    "memory of no number": _event('{"type": "runs", "rss": NaN}'),
    "memory without end": _event('{"type": "runs", "rss": 1e999}'),
    "a process of no number": _message('{"pid": [], "rss": 1}'),
    "a row of nothing": _event('{"type": "row", "row": {"strategy": "a", "status": "ok"}}'),
    "objects": _array("|O", "[1]", bytes(8)),
    "text": _array("<U4", "[1]", bytes(16)),
    "no dtype": _array("nothing", "[1]", bytes(8)),
    "a negative shape": _array("<f8", "[-1, -1]", bytes(8)),
    "a shape that overflows": _array("<f8", "[4294967296, 4294967296]", bytes(8)),
    "a shape of nothing": _array("<f8", f"[0, {2**70}]"),
    "a shape that is too large": _array("<f8", "[2]", bytes(8)),
    "a shape that is too small": _array("<f8", "[1]", bytes(16)),
    "a shape of text": _array("<f8", '"ab"', bytes(8)),
    "bytes as text": _event('{"type": "a", "a": {"$bytes": "QQ=="}}'),
    "negative bytes": _event('{"type": "a", "a": [{"$bytes": -1}, {"$bytes": 1}]}'),
    "bytes that are not there": _event('{"type": "a", "a": {"$bytes": 1000000000000}}'),
    "an unknown outcome": _message('{"outcome": {"status": "fine"}}'),
    "an outcome of more": _message('{"outcome": {"status": "ok", "run": "this"}}'),
    "an outcome of no value": _message('{"outcome": {"status": "ok", "value": [1]}}'),
    "an outcome of no text": _message('{"outcome": {"status": "failed", "message": {}}}'),
}


class _Workers:
    """In place of a lane's pools: a job is begun by whoever connects."""

    def __init__(self) -> None:
        self.futures: list[Future[None]] = []

    def schedule(self, fresh: bool, arguments: Any) -> Future[None]:
        self.futures.append(Future())
        return self.futures[-1]

    def alive(self, fresh: bool) -> bool:
        return True

    def close(self) -> None: ...


@pytest.mark.parametrize("name", LIES)
def test_what_can_not_be_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    workers, said = _Workers(), SimpleQueue[dict[str, Any]]()
    monkeypatch.setattr(lanes, "Pools", lambda *_: workers)
    lane = Lane(None, b"", said.put, "probe")
    ours, theirs = Pipe()
    with subprocess.Popen(["sleep", "60"]) as worker, ExitStack() as end:
        end.callback(worker.kill)
        for number in (1, 2):
            lane.add(number, Job("matrix"))
        listening = threading.Thread(target=_listen, args=(ours, {"probe": lane}), daemon=True)
        listening.start()
        theirs.send_bytes(pack({"call": "1.1", "pid": worker.pid, "rss": 1}))
        theirs.send_bytes(LIES[name])
        assert worker.wait(10) < 0
    listening.join(30)
    workers.futures[0].set_result(None)
    while "outcome" not in (last := said.get(timeout=30)):
        assert set(last) == {"ticket", "event"}
    assert last["ticket"] == 1
    assert (last["outcome"]["status"], last["outcome"]["message"]) == ("crashed", SAID)
    lane.close()
    assert len(workers.futures) == 2  # the next job has begun


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"study": 3, "heavy": []},
        {"study": {"schema": 1, "rows": [{"quantity": "a", "strategy": []}]}, "heavy": []},
        {"study": {"schema": 1, "rows": []}, "heavy": [[]]},
    ],
)
def test_a_comparison_of_nothing(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workers, said = _Workers(), SimpleQueue[dict[str, Any]]()
    monkeypatch.setattr(lanes, "Pools", lambda *_: workers)
    lane = Lane(None, b"", said.put, "probe")
    lane.add(1, Job("compare"))
    ticket = lane.running("1.1")
    assert ticket is not None
    lane.hear(ticket, {"outcome": {"status": "ok", "message": "", "value": value}})
    ticket.drained.set()
    workers.futures[0].set_result(None)
    assert said.get(timeout=30)["outcome"]["message"] == SAID
    lane.close()


class Marker:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


@pytest.mark.parametrize(
    "record",
    [
        b"garbage",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cpebble.pool.process\nlaunch_process\n.",
        b"cpebble.pool.process\nos.getpid\n(tR.",
        b"cpebble.pool.process\nProcessPool\n(tR.",
    ],
)
def test_a_pool_reads_its_own_records_only(record: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # Dask, where something has imported it, pickles exceptions in a way of its own.
    monkeypatch.delitem(copyreg.dispatch_table, ValueError, raising=False)
    reader, writer = PlainContext(sys.modules["multiprocessing"]).Pipe(duplex=False)
    with writer:
        writer.send(ValueError("as it was"))
        assert str(reader.recv()) == "as it was"
        writer.send_bytes(record)
        with pytest.raises(OSError, match="A worker sent what can't be read"):
            reader.recv()
    reader.close()


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    started = LocalRunner()
    yield started
    started.close()


def _run(runner: LocalRunner, f: Callable[[Any], Any]) -> Outcome:
    job = Job("matrix", function_target(f, jnp.ones(2)))
    return runner.submit(job).result(100)


def _held(kind: str) -> Any:
    """Return the first object of a type that the functions under way hold, the outermost first."""
    frame: Any = sys._getframe()
    found: Any = None
    while frame is not None:
        found = next((v for v in frame.f_locals.values() if type(v).__name__ == kind), found)
        frame = frame.f_back
    return found


def _pickled(content: bytes) -> Callable[[Any], Any]:
    """To the launcher, in place of an answer."""

    def f(x: Any) -> Any:
        _held("Connection").send_bytes(content)
        return x

    return f


def _to_the_pool(content: bytes) -> Callable[[Any], Any]:
    """To what starts the workers, in the launcher."""

    def f(x: Any) -> Any:
        _held("WorkerChannel").writer.send_bytes(content)
        while True:
            pass

    return f


def _too_long(content: bytes) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        os.write(_held("Connection").fileno(), b"\xff" * 4 + b"\x7f" + b"\xff" * 7 + content)
        return x

    return f


@pytest.mark.parametrize("way", [_pickled, _too_long, _to_the_pool])
def test_what_is_pickled_stays_pickled(runner: LocalRunner, way: Any, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    content = pickle.dumps(Marker(marker))
    _ends_that_job_alone(runner, way(content))
    assert not marker.exists()
    with pickle.loads(content):
        assert marker.exists()  # that is what it does


def _to_the_page(frame: bytes) -> Callable[[Any], Any]:
    """To the process of the page itself, by the pipe that its launcher writes to."""

    def f(x: Any) -> Any:
        _, launcher, page, *_ = psutil.Process().parents()
        ends, theirs = (_open_files(each.pid) for each in (page, launcher))
        for each, name in theirs.items():
            if name in ends.values() and name.startswith("pipe:"):
                with each.open("wb", buffering=0) as pipe:
                    pipe.write(frame)
        while True:
            pass

    return f


def _open_files(pid: int) -> dict[Path, str]:
    return {each: str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(8, "big") + message


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's list of open files")
@pytest.mark.parametrize(
    "frame",
    [
        b"\xff" * 100,
        _framed(_message('{"ticket": 1, "outcome": {"status": "fine"}}')),
        _framed(pickle.dumps(Marker(Path("/nowhere")))),
    ],
    ids=["length", "status", "pickle"],
)
def test_the_page_reads_plain_data_only(runner: LocalRunner, frame: bytes) -> None:
    _ends_that_job_alone(runner, _to_the_page(frame))


def _ends_that_job_alone(runner: LocalRunner, f: Callable[[Any], Any]) -> None:
    outcome = _run(runner, f)
    assert outcome.status == "crashed"
    assert re.fullmatch(r"[A-Z][^\n]{20,}\w\.", outcome.message), outcome.message
    assert _run(runner, jnp.sin).status == "ok"
