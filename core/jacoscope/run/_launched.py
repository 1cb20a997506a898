"""Jobs through a process of our own, in plain data both ways; safe to use from any process.

That process is started at the first job and ends with the caller, however abruptly that ends. What
it does with the jobs is its own: see `LocalRunner` and `DaskRunner`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import itertools
import os
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

from ._job import Job, OnEvent, Outcome
from ._wire import NONSENSE, pack, read_frame, unpack, write_frame

_CLOSE_S = 5.0


@dataclass
class LaunchedHandle:
    """A job in the process."""

    number: int
    runner: LaunchedRunner
    on_event: OnEvent | None = None
    process: subprocess.Popen[bytes] | None = None
    path: str = ""  # of the file that its function is in, if it is in one
    future: Future[Outcome] = field(default_factory=Future)

    def cancel(self) -> None:
        """Kill the job, or take it out of the queue; its outcome is then `cancelled`."""
        self.runner.cancel(self.number)

    def done(self) -> bool:
        """Say whether the outcome is known."""
        return self.future.done()

    def result(self, timeout: float | None = None) -> Outcome:
        """Wait for the outcome.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
        """
        return self.future.result(timeout)

    async def wait(self) -> Outcome:
        """Wait for the outcome in an event loop."""
        return await asyncio.wrap_future(self.future)


class LaunchedRunner(ABC):
    """Runs jobs through a process, which it starts at the first job.

    Attributes:
        niceness: By how much the workers stand back where processors are wanted by others too, as
            of `os.nice`; to be set before the first job. Workers elsewhere know nothing of it.
    """

    _name: ClassVar[str]  # of the process, in sentences

    def __init__(self) -> None:
        self.niceness = 0
        self._numbers = itertools.count(1)
        self._handles: dict[int, LaunchedHandle] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process and its workers, if they are not running; returns at once."""
        with self._lock:
            self._launched()

    def submit(self, job: Job, on_event: OnEvent | None = None) -> LaunchedHandle:
        """Queue a job in its lane; returns at once."""
        handle = LaunchedHandle(next(self._numbers), self, on_event)
        with self._lock:
            handle.process = process = self._launched()
            target = self._packed(job.target)
            handle.path = target.get("path", "")
            order = pack({"ticket": handle.number, "job": {**vars(job), "target": target}})
            self._handles[handle.number] = handle
            self._write(process, order)
        return handle

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return bool(self._handles)

    def cancel(self, number: int) -> None:
        """Cancel the job of that number, if it has not ended."""
        with self._lock:
            if number in self._handles and self._process is not None:
                self._write(self._process, pack({"cancel": number}))

    def close(self) -> None:
        """End all jobs and the process; the next job starts a new one."""
        with self._lock:
            process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        if process.stdin is not None:
            process.stdin.close()  # it ends its workers and itself
        try:
            process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @abstractmethod
    def _launch(self) -> tuple[subprocess.Popen[bytes], Callable[[], None]]:
        """Start the process; return it, and what is to be done when it has ended."""

    def _packed(self, target: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a target as it is sent."""
        return target

    def _launched(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # this process was forked: the other is its parent's
            self._process, self._handles, self._owner = None, {}, os.getpid()
        if self._process is None or self._process.poll() is not None:
            self._process, tidy = self._launch()
            follow = (self._process, tidy)
            threading.Thread(target=self._read, args=follow, daemon=True).start()
            atexit.unregister(self.close)
            atexit.register(self.close)
        return self._process

    def _write(self, process: subprocess.Popen[bytes], order: bytes) -> None:
        assert process.stdin is not None
        try:
            write_frame(cast(BinaryIO, process.stdin), order)
        except OSError:
            pass  # it has died; the reader says so to every handle

    def _read(self, process: subprocess.Popen[bytes], tidy: Callable[[], None]) -> None:
        assert process.stdout is not None
        with process.stdout:
            why = self._deliver(cast(BinaryIO, process.stdout))
        if why == self._nonsense:
            process.kill()  # its workers end with it
        process.wait()
        tidy()
        with self._lock:
            lost = [each for each in self._handles.values() if each.process is process]
            for handle in lost:
                del self._handles[handle.number]
            if process.stdin is not None and not process.stdin.closed:
                with contextlib.suppress(OSError):  # what was not flushed is lost with it
                    process.stdin.close()
        for handle in lost:
            handle.future.set_result(Outcome("crashed", why))

    @property
    def _nonsense(self) -> str:
        return f"The {self._name} sent what can't be read, and was stopped."

    def _deliver(self, stream: BinaryIO) -> str:
        """Pass on what comes, to its end; return why it ended."""
        why = ""
        while not why:
            why = self._pass_on(stream)
        return why

    def _pass_on(self, stream: BinaryIO) -> str:
        """Pass on the next message; return why the process ended, if that is what it says.

        What was passed on is forgotten then: the next message may be long in coming.
        """
        try:
            frame = read_frame(stream)
            said = f"The {self._name} has ended." if frame is None else _read(frame)
        except NONSENSE:
            return self._nonsense
        if isinstance(said, str):
            return said
        number, what = said
        handle = self._handles.get(number)
        if handle is not None and isinstance(what, Outcome):
            del self._handles[handle.number]
            handle.future.set_result(what)
        elif handle is not None and not isinstance(what, Outcome) and handle.on_event is not None:
            handle.on_event(what)
        return ""


def environment() -> dict[str, str]:
    """Return the caller's environment with its import path."""
    path = [str(Path(entry).absolute()) for entry in sys.path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def _read(frame: bytes) -> tuple[int, Outcome | dict[str, Any]] | str:
    """Read what the process says: of a job, its outcome or an event; or why it ended.

    Raises:
        NONSENSE: It is something else.
    """
    message = unpack(frame)
    if "ended" in message:
        return str(message["ended"])
    if "outcome" in message:
        return message["ticket"], Outcome.from_plain(message["outcome"])
    event: dict[str, Any] = message["event"]
    if not isinstance(event["type"], str):
        raise TypeError("This is no event of a job.")
    return message["ticket"], event
