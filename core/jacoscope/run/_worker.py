"""Inside a worker process: do a job and send everything home as plain data.

Preloaded by the fork server, so that a new worker has JAX imported, and no backend, from its
first moment.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing.connection import Client
from typing import Any

import jax.numpy
import psutil

from ._inline import failed
from ._job import Job, Outcome
from ._wire import pack, unpack
from ._work import perform

_ORPHAN_CHECK_S = 0.5


def prepare() -> None:
    """Set a new worker up: silence it, and let it end when its parent does."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    os.close(quiet)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python waits for a compile
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def warm() -> None:
    """Start JAX's backend, so that the first real job need not."""
    jax.jit(lambda x: x + 1)(jax.numpy.ones(2)).block_until_ready()


def work(address: Any, secret: bytes, ticket: int, packed: bytes) -> None:
    """Do one job and send its events and its outcome to the launcher.

    Whatever the job raises, `SystemExit` included, becomes its outcome.
    """
    with Client(address, authkey=secret) as home:
        usage = psutil.Process().memory_info().rss
        home.send_bytes(pack({"ticket": ticket, "pid": os.getpid(), "rss": usage}))

        def emit(event: dict[str, Any]) -> None:
            home.send_bytes(pack({"event": event}))

        try:
            outcome = Outcome("ok", value=perform(Job(**unpack(packed)), emit))
        except BaseException as error:  # noqa: BLE001 (the worker's boundary)
            outcome = failed(error)
        home.send_bytes(pack({"outcome": vars(outcome)}))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_ORPHAN_CHECK_S)
    os._exit(1)
