"""Jobs in worker processes of this machine, through a launcher; safe to use from any process."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from ._confines import Confines
from ._job import Job, OnEvent, Outcome
from ._spool import Spool, remove
from ._wire import NONSENSE, pack, read_frame, unpack, write_frame

_LAUNCHER = "jacoscope.run._launcher"
_CLOSE_S = 5.0
_NONSENSE = "The worker launcher sent what can't be read, and was stopped."


@dataclass
class LocalHandle:
    """A job in the launcher."""

    number: int
    runner: LocalRunner
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


class LocalRunner:
    """Runs jobs in local worker processes, which it starts at the first job.

    Args:
        cpu_devices: How many devices the workers' CPU is to show; None leaves it to JAX and to
            the environment variable JACOSCOPE_CPU_DEVICES.
        confines: What each job may take, in a sandbox of its own; None for no sandboxes.

    Attributes:
        niceness: By how much the workers stand back where processors are wanted by others too, as
            of `os.nice`; to be set before the first job.
    """

    def __init__(self, cpu_devices: int | None = None, confines: Confines | None = None) -> None:
        self._cpu_devices = cpu_devices
        self._confines = confines
        self.niceness = 0
        self._numbers = itertools.count(1)
        self._handles: dict[int, LocalHandle] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._spool: Spool | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the launcher and its workers, if they are not running; returns at once."""
        with self._lock:
            self._launched()

    def submit(self, job: Job, on_event: OnEvent | None = None) -> LocalHandle:
        """Queue a job in its lane; returns at once."""
        handle = LocalHandle(next(self._numbers), self, on_event)
        with self._lock:
            handle.process = process = self._launched()
            assert self._spool is not None
            target = job.target if self._confines else self._spool.lighten(job.target)
            handle.path = target.get("path", "")
            order = pack({"ticket": handle.number, "job": {**vars(job), "target": target}})
            self._handles[handle.number] = handle
            self._spool.trim({each.path for each in list(self._handles.values())})
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
        """End all jobs and the launcher; the next job starts a new one."""
        with self._lock:
            process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        if process.stdin is not None:
            process.stdin.close()  # the launcher ends its workers and itself
        try:
            process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _launched(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # this process was forked: the launcher is its parent's
            self._process, self._handles, self._owner = None, {}, os.getpid()
        if self._process is None or self._process.poll() is not None:
            self._spool = Spool()
            confines = json.dumps(asdict(self._confines) if self._confines else None)
            arguments = [str(self._spool.folder or ""), str(self.niceness), confines]
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _LAUNCHER, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(self._cpu_devices),
                start_new_session=True,  # the scheduler then shares between it and the caller
            )
            follow = (self._process, self._spool.folder)
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

    def _read(self, process: subprocess.Popen[bytes], folder: Path | None) -> None:
        assert process.stdout is not None
        with process.stdout:
            why = self._deliver(cast(BinaryIO, process.stdout))
        if why == _NONSENSE:
            process.kill()  # its workers end with it
        process.wait()
        remove(folder)  # in case the launcher could not
        with self._lock:
            lost = [each for each in self._handles.values() if each.process is process]
            for handle in lost:
                del self._handles[handle.number]
            if process.stdin is not None and not process.stdin.closed:
                with contextlib.suppress(OSError):  # what was not flushed is lost with it
                    process.stdin.close()
        for handle in lost:
            handle.future.set_result(Outcome("crashed", why))

    def _deliver(self, stream: BinaryIO) -> str:
        """Pass on what comes, to its end; return why it ended."""
        why = ""
        while not why:
            why = self._pass_on(stream)
        return why

    def _pass_on(self, stream: BinaryIO) -> str:
        """Pass on the next message; return why the launcher ended, if that is what it says.

        What was passed on is forgotten then: the next message may be long in coming.
        """
        try:
            frame = read_frame(stream)
            said = "The worker launcher has ended." if frame is None else _read(frame)
        except NONSENSE:
            return _NONSENSE
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


def _read(frame: bytes) -> tuple[int, Outcome | dict[str, Any]] | str:
    """Read what the launcher says: of a job, its outcome or an event; or why it ended.

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


@cache
def local_runner() -> LocalRunner:
    """Return the runner that this process shares."""
    return LocalRunner()


def _environment(cpu_devices: int | None) -> dict[str, str]:
    """The caller's environment and import path, and the number of CPU devices."""
    path = [str(Path(entry).absolute()) for entry in sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    count = str(cpu_devices or os.environ.get("JACOSCOPE_CPU_DEVICES", ""))
    if count.isdecimal() and int(count) > 1:
        flag = f"--xla_force_host_platform_device_count={int(count)}"
        environment["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()
    return environment
