"""The jobs of one caller on a cluster: who waits, who is where, and what is tried again.

Jobs wait here and not at the scheduler, so that owners take turns, and so that a worker that is
lost costs an attempt only those that it had begun. What has begun is Dask's: when a worker is lost,
it gives the task to another one. A job that has lost several workers in a row is taken for the
cause. One that fails, crashes or takes too long on a worker has ended: that is its outcome.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any, get_args

from ._attempts import GONE, LOST, Attempt, begun, closed, recorded
from ._course import Course
from ._job import Job, Lane, Outcome
from ._link import RESOURCE, Hand, Link, LinkError
from ._no_pickle import strings_of
from ._queue import FairQueue
from ._versions import versions
from ._wire import NONSENSE, pack, unpack

Send = Callable[[dict[str, Any]], None]
_MOST = 3  # attempts of a job
_LOOK_S, _AGAIN_S = 0.5, 1.0
_PATIENCE_S = 10.0  # without a scheduler
_BARE_S = 60.0  # without a worker: a machine that is asked for may take that long to come
_SETTLE_S = 5.0  # in which a worker that has just come tells its resources
_CANCEL_S = 5.0  # in which a worker stops a job, or is started again
_DISTRUSTED = "Worker {} sent what can't be read."


@dataclass
class Ticket:
    """A job, and where it is.

    Attributes:
        number: By which the caller knows it.
        job: The job.
        since: When it began to wait, on the monotonic clock.
        attempts: The workers that have begun it.
        run: The name that the last of them gave its attempt.
        future: Dask's, where it was sent.
        course: Reads the events.
    """

    number: int
    job: Job
    since: float
    attempts: list[Attempt] = field(default_factory=list)
    run: str = ""
    future: Any = None
    course: Any = None
    sent: int = 0  # times
    told: str = ""  # what it waits for

    @property
    def owner(self) -> str:
        """Whose job it is."""
        return self.job.owner


class Dispatcher:
    """Sends jobs to a cluster and brings back what becomes of them.

    Args:
        address: Of the scheduler.
        security: As for `Link`.
        send: Takes what there is to say of each job.
    """

    def __init__(self, address: str, security: dict[str, Any] | None, send: Send) -> None:
        self._topic = f"jacoscope-{secrets.token_hex(8)}"
        self._link = Link(address, security, self._topic, self._hear)
        self._send = send
        self._queues: dict[str, FairQueue[Ticket]] = {name: FairQueue() for name in get_args(Lane)}
        self._running: dict[int, Ticket] = {}
        self._hands: dict[str, Hand] = {}
        self._unfit: dict[str, str] = {}  # address → why
        self._leaving: dict[str, asyncio.Event] = {}
        self._bare_since = time.monotonic()
        self._linked = self._was_linked = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Keep the connection, and make it again when it is lost."""
        while True:
            try:
                await self._link.connect()
                self._linked = self._was_linked = True
                self._bare_since = time.monotonic()
                await self._watch()
            except LinkError as error:
                self._unlink(str(error), final=error.final)
            await self._link.close()
            await asyncio.sleep(_AGAIN_S)

    def add(self, number: int, job: Job) -> None:
        """Queue a job."""
        self._queues[job.lane].add(Ticket(number, job, time.monotonic()))
        self._pump()

    def cancel(self, number: int) -> None:
        """Take a job out of the queue, or stop it."""
        for queue in self._queues.values():
            ticket = queue.drop(number)
            if ticket is not None:
                self._say(ticket, Outcome("cancelled", "Cancelled."))
                self._tell_places()
                return
        ticket = self._running.get(number)
        if ticket is not None:
            self._stop(ticket)
            self._end(ticket, Outcome("cancelled", "Cancelled."))

    async def close(self) -> None:
        """Stop all jobs, and give the connection up."""
        for queue in self._queues.values():
            queue.clear()
        for ticket in list(self._running.values()):
            self._running.pop(ticket.number)
            if ticket.future is not None and self._linked:
                await ticket.future.cancel()
        await self._link.close()

    async def _watch(self) -> None:
        """Look after the workers for as long as the connection holds.

        Raises:
            LinkError: It is lost.
        """
        while True:
            self._hands, count = await self._link.hands()
            self._unfit = {key: why for key, why in self._unfit.items() if key in self._hands}
            self._pump()
            if self._fit:
                self._bare_since = time.monotonic()
            else:
                self._without_workers(count)
            await asyncio.sleep(_LOOK_S)

    @property
    def _fit(self) -> list[Hand]:
        return [each for each in self._hands.values() if each.address not in self._unfit]

    def _without_workers(self, count: int) -> None:
        """Say what there is to wait for, and for whom that is too long."""
        address, patience = self._link.address, _BARE_S
        if self._unfit:
            why, patience = " ".join(self._unfit.values()), 0.0
        elif count:
            patience = _SETTLE_S
            why = (
                f"No worker at {address} has the resource {RESOURCE!r}. Start them by"
                f" `dask worker {address} --nthreads 4 --resources {RESOURCE}=1`."
            )
        else:
            why = f"The cluster at {address} has no worker."
        self._wait(why, patience, self._bare_since)

    def _unlink(self, why: str, *, final: bool) -> None:
        """Take back what was at the scheduler, and say what there is to wait for."""
        self._linked, self._hands, self._unfit = False, {}, {}
        for ticket in list(self._running.values()):
            del self._running[ticket.number]
            closed(ticket.attempts, GONE)
            self._again(ticket)
        self._wait(why, _PATIENCE_S if self._was_linked and not final else 0.0, 0.0)

    def _wait(self, why: str, patience_s: float, since: float) -> None:
        """Tell all who wait for what; those for whom it is too long are given up."""
        now = time.monotonic()
        for ticket in list(self._running.values()):
            if now - max(since, ticket.since) > patience_s and not ticket.run:
                self._stop(ticket)
                self._end(ticket, Outcome("crashed", why))
        for queue in self._queues.values():
            for ticket in list(queue):
                if now - max(since, ticket.since) >= patience_s:
                    queue.drop(ticket.number)
                    self._say(ticket, Outcome("crashed", why))
                elif ticket.told != why:
                    ticket.told = why
                    self._tell(ticket, {"type": "waiting", "why": why})

    def _again(self, ticket: Ticket) -> None:
        """Have a job wait once more, unless that was often enough."""
        ticket.future, ticket.run, ticket.told = None, "", ""
        ticket.since = time.monotonic()
        if len(ticket.attempts) >= _MOST:
            self._say(ticket, _given_up(ticket))
        else:
            self._queues[ticket.job.lane].add(ticket)

    def _pump(self) -> None:
        """Send as many jobs of each lane as workers can begin."""
        if not self._linked:
            return
        fit = self._fit
        for lane, queue in self._queues.items():
            slots = sum(each.timing for each in fit) if lane == "timing" else len(fit)
            busy = sum(each.job.lane == lane for each in self._running.values())
            for _ in range(busy, slots):
                if queue:
                    self._dispatch(queue.take())
        self._tell_places()

    def _dispatch(self, ticket: Ticket) -> None:
        job = ticket.job
        ticket.sent += 1
        ticket.run, ticket.since = "", time.monotonic()
        ticket.course = Course(job, lambda message: None)
        order = {"ticket": ticket.number, "topic": self._topic, "versions": versions()}
        ticket.future = self._link.submit(
            f"{self._topic}-{ticket.number}-{ticket.sent}",
            pack({**order, "job": vars(job)}),
            timing=job.lane == "timing",
            among=[each.address for each in self._fit] if self._unfit else (),
        )
        self._running[ticket.number] = ticket
        self._soon(self._follow(ticket, ticket.future))

    async def _follow(self, ticket: Ticket, future: Any) -> None:
        try:
            answer = await future
        except CancelledError:
            return  # whoever cancelled it has seen to the rest, or the connection is lost
        except Exception as error:  # noqa: BLE001 (of a worker: anything)
            outcome = _failure(ticket, error)
        else:
            outcome = self._answered(ticket, answer)
        if outcome is not None and ticket.future is future and ticket.number in self._running:
            self._end(ticket, outcome)

    def _answered(self, ticket: Ticket, answer: Any) -> Outcome | None:
        """Read what a worker returned; None where the job has to go elsewhere."""
        worker = ticket.attempts[-1]["worker"] if ticket.attempts else "?"
        try:
            said = unpack(bytes(answer))
            if "misfit" in said:
                self._unfit[worker] = str(said["misfit"])
                self._running.pop(ticket.number, None)
                ticket.attempts.pop()
                self._again(ticket)
                self._soon(self._look_again())
                return None
            outcome = Outcome.from_plain(said["outcome"])
            return recorded(ticket.job, outcome, ticket.attempts)
        except NONSENSE:
            return Outcome("crashed", _DISTRUSTED.format(worker))

    async def _look_again(self) -> None:
        self._pump()

    def _hear(self, packed: Any) -> None:
        """Take what a worker tells, and pass on what is of the attempt at hand."""
        try:
            message = unpack(bytes(packed))
            run, event = str(message["run"]), message["event"]
            kind = event["type"]
            if not isinstance(kind, str):
                raise TypeError("This is no event of a job.")
            if kind == "left":
                self._leaving.get(run, asyncio.Event()).set()
                return
            ticket = self._running.get(message["ticket"])
            if ticket is None:
                return
            if kind == "began":
                self._began(ticket, run, begun(str(event["worker"]), str(event["host"])))
            elif run == ticket.run:
                ticket.course.note(event)
                self._tell(ticket, event)
        except NONSENSE:
            return  # of nobody that is known

    def _began(self, ticket: Ticket, run: str, attempt: Attempt) -> None:
        closed(ticket.attempts, LOST)
        if len(ticket.attempts) >= _MOST:
            self._stop(ticket)
            self._end(ticket, _given_up(ticket))
            return
        ticket.attempts.append(attempt)
        ticket.run = run
        ticket.course = Course(ticket.job, lambda message: None)
        self._tell(ticket, {"type": "attempt", "attempt": len(ticket.attempts), **attempt})

    def _stop(self, ticket: Ticket) -> None:
        """Have Dask release a job, and its worker end it: at once, or by being started again."""
        self._soon(self._released(ticket.future, ticket.run, ticket.attempts[-1:]))

    async def _released(self, future: Any, run: str, last: list[Attempt]) -> None:
        if run:
            self._leaving[run] = asyncio.Event()
        await future.cancel()
        if not run:
            return
        try:
            await asyncio.wait_for(self._leaving[run].wait(), _CANCEL_S)
        except TimeoutError:
            await self._link.restart(last[0]["worker"])
        finally:
            del self._leaving[run]

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        del self._running[ticket.number]
        self._say(ticket, outcome)
        self._pump()

    def _say(self, ticket: Ticket, outcome: Outcome) -> None:
        if not outcome.attempts:
            outcome = recorded(ticket.job, outcome, ticket.attempts)
        self._send({"ticket": ticket.number, "outcome": vars(outcome)})

    def _tell(self, ticket: Ticket, event: dict[str, Any]) -> None:
        self._send({"ticket": ticket.number, "event": event})

    def _tell_places(self) -> None:
        for queue in self._queues.values():
            for place, ticket in enumerate(queue, start=1):
                if ticket.told != (told := f"place {place}"):
                    ticket.told = told
                    self._tell(ticket, {"type": "queued", "place": place})

    def _soon(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _given_up(ticket: Ticket) -> Outcome:
    ends = ", ".join(f"{each['worker']} on {each['host']}" for each in ticket.attempts)
    return Outcome("crashed", f"Given up after {len(ticket.attempts)} attempts, each lost: {ends}.")


def _failure(ticket: Ticket, error: BaseException) -> Outcome:
    """Say what a worker raised instead of an answer; nothing of it is unpickled."""
    raised = next((each for each in error.args if isinstance(each, bytes)), None)
    if raised is None:
        worker = ticket.attempts[-1]["worker"] if ticket.attempts else "?"
        return Outcome("crashed", _DISTRUSTED.format(worker))
    strings = strings_of(raised)
    if "KilledWorker" in strings:
        closed(ticket.attempts, LOST)
        return _given_up(ticket)
    named = [place for place, each in enumerate(strings) if each.endswith(("Error", "Exception"))]
    told = ": ".join(strings[named[0] : named[0] + 2]) if named else "it raised something"
    return Outcome("crashed", f"The worker could not begin it: {told.rstrip('.')}.")
