"""A lane: a queue and one worker process that takes from it, job by job.

The lane kills a worker at a time limit, on cancel and above the memory limit, and says what
became of the job. A job that no worker has begun is scheduled again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import psutil
from pebble import ProcessExpired

from .._limits import free_memory
from .._units import format_bytes
from ._confines import Confines
from ._course import Course
from ._family import end_family, end_group
from ._job import Job, Outcome, OutcomeStatus
from ._kin import Kin
from ._pools import Pools
from ._queue import FairQueue
from ._wire import NONSENSE, pack

Send = Callable[[dict[str, Any]], None]
_GRACE_S = 0.5  # a comparison ends by itself at its time limit; this long after, it is killed
_WATCH_S, _RUNNING_WATCH_S = 0.05, 0.005
_DRAIN_S = 5.0
_BEGIN_S = 20.0  # within which a worker begins; one starts in some seconds, at most
_TRIES = 3
_MEMORY_GRACE = 1.02
_DISTRUSTED = "The worker process sent what can't be read, and was stopped."
# What no limit on a program means: what the runtime takes besides, and what a compiler takes.
_RUNNING_BYTES, _COMPILING_BYTES = 24_000_000, 50_000_000


@dataclass
class Ticket:
    """A job in a lane, and what is known of it."""

    number: int
    course: Course
    calls: int = 0  # of workers, over the whole course
    tries: int = 0  # to have a worker begin the job at hand
    begins: float = float("inf")  # when a worker is to have begun it
    deadline: float = float("inf")  # of the running job, on the monotonic clock
    future: Future[None] | None = None
    outcome: Outcome | None = None
    verdict: tuple[OutcomeStatus, str] | None = None  # why the lane killed it
    worker: psutil.Process | None = None
    kin: Kin | None = None  # of the worker, where all that it starts counts
    idle_bytes: int = 0  # what the worker took before the job
    base_bytes: int = 0  # what it took before the program at work, or before the job
    compiling: bool = True
    limit_bytes: int = 0  # what a program may take on top
    free_bytes: int = 0  # what all of the job may take
    drained: threading.Event = field(default_factory=threading.Event)

    @property
    def owner(self) -> str:
        """Whose job it is."""
        return self.course.job.owner

    @property
    def call(self) -> str:
        """The name by which the worker at work says whose it is."""
        return f"{self.number}.{self.calls}"


class Lane:
    """One worker and the jobs that wait for it.

    Args:
        address: Where the worker says what there is to say.
        secret: By which it is known there.
        send: Takes what there is to say of each job.
        name: Which lane it is.
        confines: What a job may take, in a sandbox of its own; None for no sandboxes.
        memory_bytes: What a job may take of the memory; None for what is free.
    """

    def __init__(
        self,
        address: Any,
        secret: bytes,
        send: Send,
        name: str,
        confines: Confines | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        self._address, self._secret, self._send = address, secret, send
        self._waiting: FairQueue[Ticket] = FairQueue()
        self._running: Ticket | None = None
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._pools = Pools(name, confines)
        self._confines = confines
        self._memory_bytes = memory_bytes or (confines.memory_bytes if confines else None)
        threading.Thread(target=self._watch, daemon=True).start()

    def add(self, number: int, job: Job) -> None:
        """Put a job into the queue."""
        with self._lock:

            def tell(message: dict[str, Any]) -> None:
                self._send({"ticket": number, **message})

            self._waiting.add(Ticket(number, Course(job, tell)))
            self._next()
            self._tell_places()

    def cancel(self, number: int) -> None:
        """Take a job out of the queue, or kill the worker that runs it."""
        with self._lock:
            ticket = self._waiting.drop(number)
            if ticket is not None:
                self._tell(ticket, {"outcome": vars(Outcome("cancelled", "Cancelled."))})
                self._tell_places()
            elif self._running is not None and self._running.number == number:
                self._kill(self._running, "cancelled", "Cancelled.")

    def running(self, call: str) -> Ticket | None:
        """Return the ticket that a worker was called for, if it is still the one running."""
        with self._lock:
            ticket = self._running
            return ticket if ticket is not None and ticket.call == call else None

    def hear(self, ticket: Ticket, message: dict[str, Any]) -> None:
        """Take note of what the worker sent, and pass events on, and nothing else of it.

        Raises:
            NONSENSE: It can't be read; see `distrust`.
        """
        if "pid" in message:
            ticket.idle_bytes = ticket.base_bytes = int(message["rss"])
            pid = int(message["pid"])
            self._tell(ticket, {"event": {"type": "worker", "pid": pid}})
            try:
                ticket.worker = psutil.Process(pid)
                ticket.kin = Kin(pid) if self._confines else None
            except psutil.NoSuchProcess:
                pass  # it has died already; the pool will say so
        elif "outcome" in message:
            ticket.outcome = Outcome.from_plain(message["outcome"])
        else:
            event = message["event"]
            match event["type"]:
                case "started":  # waiting for a turn does not count
                    limit_s = ticket.course.job.time_limit
                    ticket.deadline = min(ticket.deadline, time.monotonic() + limit_s)
                case "runs":
                    ticket.base_bytes, ticket.compiling = int(event["rss"]), False
                    return
                case "stage":
                    ticket.compiling = event["stage"] != "time"
            ticket.course.note(event)
            self._tell(ticket, {"event": event})

    def distrust(self, ticket: Ticket) -> None:
        """End a worker that has sent what can't be read, and the job with it."""
        with self._lock:
            self._kill(ticket, "crashed", _DISTRUSTED)

    def close(self) -> None:
        """Kill the worker and forget the queue."""
        self._closed.set()
        with self._lock:
            self._waiting.clear()
            if self._running is not None:
                self._kill(self._running, "cancelled", "Cancelled.")
        self._pools.close()

    def _next(self) -> None:
        if self._running is None and self._waiting:
            self._running = self._waiting.take()
            self._start(self._running)

    def _start(self, ticket: Ticket) -> None:
        ticket.tries = 0
        ticket.verdict, ticket.outcome = None, None
        ticket.free_bytes = free_memory()
        if self._memory_bytes is not None:
            ticket.free_bytes = min(ticket.free_bytes, self._memory_bytes)
        ticket.limit_bytes = ticket.course.job.options.get("memory_limit") or ticket.free_bytes
        ticket.compiling = True
        self._call(ticket)

    def _call(self, ticket: Ticket) -> None:
        job = ticket.course.job
        ticket.calls += 1
        ticket.tries += 1
        ticket.begins = time.monotonic() + _BEGIN_S
        ticket.worker = ticket.kin = None
        ticket.drained.clear()
        arguments = (self._address, self._secret, ticket.call, pack(vars(job)))
        future = self._pools.schedule(job.fresh, arguments)
        ticket.future = future
        # its own thread: the callback may run inside pebble's, or inside cancel
        future.add_done_callback(
            lambda done: threading.Thread(target=self._ended, args=(ticket, done)).start()
        )

    def _call_again(self, ticket: Ticket) -> None:
        """Have another worker begin a job that none has begun, or give it up."""
        self._pools.retire(ticket.course.job.fresh)
        if ticket.tries < _TRIES:
            self._call(ticket)
        else:
            self._conclude(ticket, Outcome("crashed", "No worker process could be started."))

    def _ended(self, ticket: Ticket, future: Future[None]) -> None:
        returned = not future.cancelled() and future.exception() is None
        if returned or ticket.worker is not None:  # else nothing was sent
            ticket.drained.wait(_DRAIN_S)
        with self._lock:
            if self._closed.is_set() or future is not ticket.future:
                return
            if not returned and ticket.worker is not None:
                end_group(ticket.worker.pid)  # of what it had started
            if ticket.worker is None and ticket.outcome is None and ticket.verdict is None:
                self._call_again(ticket)
            else:
                self._conclude(ticket, ticket.outcome or _judge(ticket, future))

    def _conclude(self, ticket: Ticket, outcome: Outcome) -> None:
        """Go on with what comes after a worker's part, or end."""
        try:
            final = ticket.course.after(outcome, ticket.deadline - time.monotonic())
        except NONSENSE:  # of what the worker has said
            final = Outcome("crashed", _DISTRUSTED)
        if final is None:
            self._start(ticket)
            return
        ticket.future = None
        self._tell(ticket, {"outcome": vars(final)})
        self._running = None
        self._next()
        self._tell_places()

    def _kill(self, ticket: Ticket, status: OutcomeStatus, message: str) -> None:
        ticket.verdict = ticket.verdict or (status, message)
        if ticket.worker is not None:
            end_family(ticket.worker)  # at once; the pool would ask it to end first
        elif ticket.future is not None:
            ticket.future.cancel()

    def _watch(self) -> None:
        """Kill what takes too long, as a whole or over one strategy, or too much memory."""
        while not self._closed.wait(_WATCH_S if self._running is None else _RUNNING_WATCH_S):
            with self._lock:
                ticket = self._running
                if ticket is not None and ticket.verdict is None:
                    self._check(ticket)

    def _check(self, ticket: Ticket) -> None:
        if time.monotonic() > ticket.deadline + _GRACE_S:
            limit_s = ticket.course.job.time_limit
            self._kill(ticket, "timed_out", f"It took longer than {limit_s:.3g} s and was stopped.")
        stuck_s = ticket.course.stuck_s()
        if stuck_s is not None:
            self._kill(ticket, "timed_out", f"It took longer than {stuck_s:.3g} s and was stopped.")
        if ticket.verdict is not None:
            return
        if ticket.worker is None:
            stalled = time.monotonic() > ticket.begins
            if stalled or not self._pools.alive(ticket.course.job.fresh):
                self._call_again(ticket)
            return
        try:
            resident = ticket.kin.resident() if ticket.kin else ticket.worker.memory_info().rss
        except psutil.NoSuchProcess:
            return
        spare = self._confines.spare_bytes if self._confines else 0
        if spare and psutil.virtual_memory().available < spare:
            self._kill(ticket, "out_of_memory", "No memory was left here, and it was stopped.")
        beside = _COMPILING_BYTES if ticket.compiling else _RUNNING_BYTES
        room = max(_MEMORY_GRACE * ticket.limit_bytes, ticket.limit_bytes + beside)
        for used, limit, most in (
            (resident - ticket.base_bytes, ticket.limit_bytes, room),
            (resident - ticket.idle_bytes, ticket.free_bytes, ticket.free_bytes + beside),
        ):
            if used > most and ticket.verdict is None:
                said = f"{format_bytes(used)}, above the {format_bytes(limit)} that it may"
                when = ", while it was compiled" if ticket.compiling else ""
                self._kill(ticket, "out_of_memory", f"It had taken {said}{when}, and was stopped.")

    def _tell(self, ticket: Ticket, message: dict[str, Any]) -> None:
        self._send({"ticket": ticket.number, **message})

    def _tell_places(self) -> None:
        for place, ticket in enumerate(self._waiting, start=1):
            self._tell(ticket, {"event": {"type": "queued", "place": place}})


def _judge(ticket: Ticket, future: Future[None]) -> Outcome:
    """Say what became of a job whose worker sent no outcome."""
    if ticket.verdict is not None:
        return Outcome(*ticket.verdict)
    try:
        future.result(timeout=0)
    except CancelledError:
        return Outcome("cancelled", "Cancelled.")
    except ProcessExpired as error:
        return Outcome.died(error.exitcode)
    except Exception as error:  # noqa: BLE001 (pebble passes on whatever broke its worker)
        said = str(error) or str(error.__cause__)
        return Outcome("crashed", f"The worker process failed: {said.removesuffix('.')}.")
    return Outcome("crashed", "The worker process ended without an answer.")
