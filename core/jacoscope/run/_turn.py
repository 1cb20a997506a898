"""Whose turn it is on this machine: file locks that die with the process that holds them.

Three locks. *Queue* is held by a timing job as long as it lasts, compiling included: one at a
time, across sessions and processes. *Device* is held by a slice of timing, or by a probe. A probe
first takes the *turnstile*, and a timing job passes through it between two slices, so a probe
waits for one slice at most and never runs during one.
"""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

_POLL_S = 0.01


class Turn:
    """The locks of this machine, for one process at a time to hold."""

    def __init__(self, folder: Path | None = None) -> None:
        root = folder or Path(tempfile.gettempdir()) / f"jacoscope-{_user()}"
        root.mkdir(parents=True, exist_ok=True)
        self._queue, self._turnstile, self._device = (
            FileLock(root / f"{name}.lock") for name in ("queue", "turnstile", "device")
        )

    @contextmanager
    def probe(self) -> Iterator[None]:
        """Hold the device for a probe, between two slices of timing."""
        with (
            self._turnstile.acquire(poll_interval=_POLL_S),
            self._device.acquire(poll_interval=_POLL_S / 2),
        ):
            yield

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
        with self._device.acquire(poll_interval=_POLL_S):
            yield

    def between(self) -> None:
        """Let a waiting probe have the device; called by a timing job between two slices."""
        self._device.release()
        with self._turnstile.acquire(poll_interval=_POLL_S):
            pass
        self._device.acquire(poll_interval=_POLL_S)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user id, as in some containers
        return "anyone"
