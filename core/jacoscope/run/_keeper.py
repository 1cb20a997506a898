"""A keeper: the process between a lane and its sandboxes, one for each job.

It stands where a worker stands without sandboxes: the lane calls it, listens to it, and kills it
when a job is to end, whereupon the sandbox ends too. It holds the locks that a job needs, and
reads what comes out of the sandbox before anybody else does. It runs no code of anybody's.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Client
from typing import Any

from ._answers import LONGEST, Answers
from ._cell import Cell
from ._confines import Confines
from ._family import lead_group
from ._job import Job, Outcome
from ._kin import Kin
from ._turn import Turn
from ._wire import pack, unpack
from ._work import turn_of
from ._worker import end_with, hush

Send = Callable[[dict[str, Any]], None]
_BREATH_S = 0.5  # before it is tried again to make a sandbox where none could be made
_stock: Stock | None = None


class Stock:
    """One sandbox that is ready for the next job, and has run nothing.

    It is made while nothing is timed on this machine, by a thread that stays, as a sandbox ends
    with the thread that made it.
    """

    def __init__(self, confines: Confines, lane: str) -> None:
        self._confines, self._lane = confines, lane
        self._ready: queue.Queue[Cell | OSError] = queue.Queue()
        self._wanted = threading.Semaphore()
        threading.Thread(target=self._fill, daemon=True).start()

    def take(self) -> Cell:
        """Return the sandbox, once it is ready.

        Raises:
            OSError: None can be made, with a sentence that says why.
        """
        found = self._ready.get()
        if isinstance(found, OSError):
            self.renew()
            raise found
        return found

    def renew(self) -> None:
        """Have the next one made; returns at once."""
        self._wanted.release()

    def _fill(self) -> None:
        turn = Turn()
        while self._wanted.acquire():
            try:
                with turn.probe(f"sandbox for {self._lane}"):
                    cell = Cell(self._confines)
                    cell.wait()
                self._ready.put(cell)
            except OSError as error:
                self._ready.put(error)
                time.sleep(_BREATH_S)


def prepare(launcher: int, confines: Confines, lane: str) -> None:
    """Set a new keeper up: silent, ending with the launcher, and with a sandbox on its way."""
    global _stock
    hush()
    lead_group()
    end_with(launcher)
    _stock = Stock(confines, lane)


def keep(address: Any, secret: bytes, call: str, packed: bytes) -> None:
    """Have one job done in a sandbox, and send its events and its outcome to the launcher."""
    assert _stock is not None
    kin = Kin(os.getpid())
    with Client(address, authkey=secret) as home, ExitStack() as used:

        def send(message: dict[str, Any]) -> None:
            home.send_bytes(pack(message))

        try:
            cell = _stock.take()
        except OSError as error:
            send({"call": call, "pid": os.getpid(), "rss": kin.resident()})
            send({"outcome": vars(Outcome("refused", str(error)))})
            return
        used.callback(_stock.renew)
        used.callback(cell.end)
        send({"call": call, "pid": os.getpid(), "rss": kin.resident()})
        outcome = _relay(packed, cell, kin, send)
        cell.end()
        send({"outcome": vars(outcome)})


def _relay(packed: bytes, cell: Cell, kin: Kin, send: Send) -> Outcome:
    """Pass a job in, and on what comes out, until the outcome does."""
    job = Job(**unpack(packed))
    answers = Answers(job.kind)
    turn = Turn()
    with turn_of(job, lambda event: send({"event": event}), turn), ExitStack() as alone:
        send({"event": {"type": "started"}})
        try:
            cell.send(packed)
            while True:
                what, said = answers.read(cell.receive(LONGEST))
                match what:
                    case "outcome":
                        return Outcome(**said)
                    case "turn":
                        _give(said, turn, alone)
                        cell.send(b"")
                    case _ if said["type"] == "runs":  # it knows nothing of what is around it
                        send({"event": {"type": "runs", "rss": kin.resident()}})
                    case _ if said["type"] != "started":
                        send({"event": said})
        except (EOFError, ConnectionError):
            return Outcome.died(cell.exit_code())
        except (OSError, ValueError) as error:
            return Outcome("failed", f"What the code had its worker say is no answer: {error}.")


def _give(asked: str, turn: Turn, alone: ExitStack) -> None:
    """Take or leave the device for samples, as the worker in the sandbox asks."""
    match asked:
        case "alone":
            alone.enter_context(turn.alone())
        case "between":
            turn.between()
        case _:
            alone.close()
