"""The Jacobian on the screen: the newest one asked for wins.

One job at a time is under way for a visit. What is asked for meanwhile waits, and only the
newest of it: dragging through ten batch sizes computes the first and the last. A job that nobody
waits for any more may still end (its result is kept for everyone), but not hold up the next.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer
from typing import Any

import param

from ._cache import Cache
from ._jobs import Hop, Outcome, Runner, Sent, after

STATES = ["empty", "busy", "ok", "failed", "cancelled"]
PATIENCE_S = 0.5
PICTURES = Cache(48)


class Matrix(param.Parameterized):
    """The matrix job of a visit and what it brought."""

    state = param.Selector(default="empty", objects=STATES)
    message = param.String(default="", doc="A sentence, when failed or cancelled.")
    picture = param.Parameter(
        default=None, doc="The last value of a job; None where there is none for what is asked."
    )
    key = param.String(default="", doc="Which request `picture` answers.")

    def __init__(
        self,
        runner: Runner,
        hop: Hop,
        cache: Cache | None = None,
        subject: str = "the matrix was there",
    ) -> None:
        """Take what carries jobs out.

        Args:
            runner: Where they go.
            hop: The way to the page's thread.
            cache: Where results are kept; None for where matrices are.
            subject: What was not yet so when a job is cancelled, for the sentence.
        """
        super().__init__()
        self._subject = subject
        self._runner = runner
        self._hop = hop
        self._cache = PICTURES if cache is None else cache
        self._wanted: tuple[str, Any] | None = None
        self._running: tuple[str, Any, Sent] | None = None
        self._impatient: Timer | None = None
        self._hurried = False

    def show(self, key: str, job: Any) -> None:
        """Ask for the matrix of `job`; `key` tells equal jobs apart from others."""
        if self._wanted and self._wanted[0] == key and self.state in ("busy", "ok"):
            return
        self._wanted = (key, job)
        kept = self._cache.get(key)
        if kept is not None:
            self._show(key, kept)
            return
        self.param.update(state="busy", message="")
        if self._running is None:
            self._start()
        elif self._running[0] != key and self._in_the_way(self._running[1], job):
            self._hurry(self._running[2])
        elif self._impatient:
            self._impatient.cancel()

    def cancel(self) -> None:
        """Stop what is under way; the page says *cancelled*."""
        if self.state == "busy":
            self._stop()
            self._show_none("cancelled", f"Cancelled before {self._subject}.")

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something on the page's thread after a while."""
        after(seconds, lambda: self._hop(work))

    def close(self) -> None:
        """Stop for good, silently."""
        self._stop()

    def _stop(self) -> None:
        if self._impatient:
            self._impatient.cancel()
        if self._running:
            self._running[2].drop()
        self._running = self._wanted = None

    def _start(self) -> None:
        assert self._wanted is not None
        key, job = self._wanted
        sent = Sent(
            self._runner, job, self._hop, on_done=lambda outcome: self._finished(key, outcome)
        )
        self._running = (key, job, sent)
        self._hurried = False

    def _in_the_way(self, running: Any, wanted: Any) -> bool:
        """Whether a job that nobody waits for any more may be stopped for the wanted one."""
        del running, wanted
        return True

    def _hurry(self, sent: Sent) -> None:
        def lose_patience() -> None:
            self._hurried = True
            sent.cancel()

        if self._impatient is None or not self._impatient.is_alive():
            self._impatient = Timer(PATIENCE_S, lose_patience)
            self._impatient.daemon = True
            self._impatient.start()

    def _finished(self, key: str, outcome: Outcome) -> None:
        if self._impatient:
            self._impatient.cancel()
        self._running = None
        if outcome.status == "ok":
            self._cache.put(key, outcome.value)
        if self._wanted is None:
            return
        ended_by_us = self._hurried and outcome.status == "cancelled"
        if self._wanted[0] == key and not ended_by_us:
            self._answer(key, outcome)
        elif self.state == "busy":
            self._start()

    def _answer(self, key: str, outcome: Outcome) -> None:
        if outcome.status == "ok":
            self._show(key, outcome.value)
        else:
            state = "cancelled" if outcome.status == "cancelled" else "failed"
            self._show_none(state, outcome.message)

    def _show_none(self, state: str, message: str) -> None:
        """Say why there is none; the one before was of other settings, and goes."""
        self.param.update(state=state, message=message, key="", picture=None)

    def _show(self, key: str, picture: Any) -> None:
        self.param.update(state="ok", message="", key=key, picture=picture)
