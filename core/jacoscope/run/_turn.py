"""Whose turn it is on this machine: file locks that die with the process that holds them.

*Queue* is held by a timing job as long as it lasts, compiling included: one at a time, across
sessions and processes. Each lane of probes has a lock, held by its probe, and a slice of timing
holds them all: probes of two lanes may run side by side, never during a slice. A probe takes its
lock while it holds the *turnstile*, which a timing job passes through between two slices, so a
probe waits for one slice at most.
"""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

_POLL_S = 0.01
_MAKING = tuple(f"sandbox for {lane}" for lane in ("timing", "advice", "probe"))
# a slice that waits for one keeps no picture waiting
_LONGEST_FIRST = (*_MAKING, "advice", "probe")


class Turns(Protocol):
    """Where a job waits for the device; see `Turn`."""

    def probe(self, lane: str = "probe") -> AbstractContextManager[None]: ...
    def timing(self, waiting: Callable[[], None] = ...) -> AbstractContextManager[None]: ...
    def alone(self) -> AbstractContextManager[None]: ...
    def between(self) -> None: ...


class Turn:
    """The locks of this machine, for one process at a time to hold."""

    def __init__(self, folder: Path | None = None) -> None:
        root = folder or Path(tempfile.gettempdir()) / f"jacoscope-{_user()}"
        root.mkdir(parents=True, exist_ok=True)
        self._queue = FileLock(root / "queue.lock")
        self._turnstile = FileLock(root / "turnstile.lock")
        self._probes = {lane: FileLock(root / f"{lane}.lock") for lane in _LONGEST_FIRST}

    @contextmanager
    def probe(self, lane: str = "probe") -> Iterator[None]:
        """Hold the device for a probe of a lane, between two slices of timing.

        To make a sandbox for a lane is work between two slices, too.
        """
        lock = self._probes[lane]
        with self._turnstile.acquire(poll_interval=_POLL_S):
            lock.acquire(poll_interval=_POLL_S / 2)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def timing(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the queue for a timing job.

        Args:
            waiting: Called without arguments when another process is timing.
        """
        try:
            self._queue.acquire(timeout=0)
        except Timeout:
            waiting()
            self._queue.acquire(poll_interval=_POLL_S)
        try:
            yield
        finally:
            self._queue.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the device while samples are taken; see `between`."""
        try:
            self._take()
            yield
        finally:
            self._give()  # what it could not take is left alone

    def between(self) -> None:
        """Let a waiting probe have the device; called by a timing job between two slices."""
        self._give()
        with self._turnstile.acquire(poll_interval=_POLL_S):
            pass
        self._take()

    def _take(self) -> None:
        for lock in self._probes.values():
            lock.acquire(poll_interval=_POLL_S)

    def _give(self) -> None:
        for lock in self._probes.values():
            lock.release()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user id, as in some containers
        return "anyone"
