"""Sends one job to a runner and brings its events and its outcome back to the page's thread.

A runner answers on threads of its own; widgets and params may be touched only on the thread of
their document. `Hop` is the way over: it takes a function and calls it there, soon.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import Lock, Thread, Timer
from typing import Any, Protocol
from uuid import uuid4

Hop = Callable[[Callable[[], None]], None]
Event = dict[str, Any]
BREATH_S = 0.25  # between two lots of events: the page has other things to do


def after(seconds: float, work: Callable[[], None]) -> None:
    """Call something after a while: on the event loop this is called on, else on a thread."""
    try:
        asyncio.get_running_loop().call_later(seconds, work)
    except RuntimeError:  # no loop here
        timer = Timer(seconds, work)
        timer.daemon = True
        timer.start()


class Outcome(Protocol):
    """How a job ended: `status`, a sentence unless it is ok, and its value."""

    @property
    def status(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def value(self) -> Any: ...


class Handle(Protocol):
    """A job that was submitted."""

    def cancel(self) -> object: ...
    def result(self, timeout: float | None = None) -> Outcome: ...


class Runner(Protocol):
    """Where jobs go: `jacoscope.run.local_runner()`, or a double of it."""

    def submit(self, job: Any, on_event: Callable[[Event], None] | None = None) -> Handle: ...


class Owned:
    """A runner that knows whose jobs are whose: visits take turns."""

    def __init__(self, runner: Runner) -> None:
        """Take the runner that all share."""
        self._runner, self._owner = runner, uuid4().hex

    def submit(self, job: Any, on_event: Callable[[Event], None] | None = None) -> Handle:
        """Start a job of this owner, or queue it."""
        return self._runner.submit(replace(job, owner=self._owner), on_event)


class Apart:
    """A runner that runs what somebody typed in sandboxes, and the gallery's problems as ever."""

    def __init__(self, usual: Runner, sandboxes: Runner) -> None:
        """Take a runner for either."""
        self._usual, self._sandboxes = usual, sandboxes

    def submit(self, job: Any, on_event: Callable[[Event], None] | None = None) -> Handle:
        """Start a job, or queue it."""
        trusted = job.target.get("kind", "problem") == "problem"
        return (self._usual if trusted else self._sandboxes).submit(job, on_event)


class Sent:
    """A job on its way. After `drop`, nothing more of it reaches the page."""

    def __init__(
        self,
        runner: Runner,
        job: Any,
        hop: Hop,
        *,
        on_done: Callable[[Outcome], None],
        on_events: Callable[[list[Event]], None] | None = None,
    ) -> None:
        """Submit `job`.

        Args:
            runner: Where it runs.
            job: What runs.
            hop: The way to the page's thread, on which the two functions below are called.
            on_done: Takes the outcome, once, after the last events.
            on_events: Takes the events since its last call, in order.
        """
        self._hop = hop
        self._on_done = on_done
        self._on_events = on_events
        self._waiting: deque[Event] = deque()
        self._lock = Lock()
        self._drained = float("-inf")
        self._dropped = False
        self._handle = runner.submit(job, on_event=self._arrived if on_events else None)
        Thread(target=self._wait, name="jacoscope-outcome", daemon=True).start()

    def cancel(self) -> None:
        """Ask the runner to stop the job; its outcome still comes."""
        self._handle.cancel()

    def drop(self) -> None:
        """Cancel, and let nothing more come."""
        self._dropped = True
        self._handle.cancel()

    def _arrived(self, event: Event) -> None:
        with self._lock:
            first = not self._waiting
            self._waiting.append(event)
        if not first or self._dropped:
            return
        wait_s = self._drained + BREATH_S - time.monotonic()
        if wait_s <= 0:
            self._hop(self._drain)
        else:
            after(wait_s, lambda: self._hop(self._drain))

    def _drain(self) -> None:
        with self._lock:
            events = list(self._waiting)
            self._waiting.clear()
            self._drained = time.monotonic()
        if events and self._on_events and not self._dropped:
            self._on_events(events)

    def _wait(self) -> None:
        outcome = self._handle.result()
        if not self._dropped:
            self._hop(lambda: self._finish(outcome))

    def _finish(self, outcome: Outcome) -> None:
        self._drain()
        if not self._dropped:
            self._on_done(outcome)
