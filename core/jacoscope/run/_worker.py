"""Inside a worker process: do a job and send everything home as plain data.

Preloaded by the fork server, so that a new worker has JAX imported, and no backend, from its
first moment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.connection import Client
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None

import jax.numpy
import psutil

from ._family import end_group, lead_group
from ._inline import failed
from ._job import Job, Outcome
from ._silence import Silence
from ._turn import Turns
from ._wire import pack, unpack
from ._work import perform

_ORPHAN_CHECK_S = 0.25
_RESERVED_BYTES = 2_000_000_000


def prepare(launcher: int) -> None:
    """Set a new worker up: silent, ending with the launcher, and with JAX's backend started."""
    hush()
    lead_group()
    end_with(launcher)
    warm_up()


def hush() -> None:
    """Have nothing shown of what is printed, and the end come at once when it is asked for."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    os.close(quiet)
    sys.stdout = Silence()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python waits for a compile


def warm_up() -> None:
    """Start JAX's backend."""
    jax.jit(lambda x: x + 1)(jax.numpy.ones(2)).block_until_ready()


def work(address: Any, secret: bytes, call: str, packed: bytes) -> None:
    """Do one job and send its events and its outcome to the launcher, under the call's name.

    Whatever the job raises, `SystemExit` included, becomes its outcome.
    """
    with Client(address, authkey=secret) as home:
        usage = psutil.Process().memory_info().rss
        home.send_bytes(pack({"call": call, "pid": os.getpid(), "rss": usage}))
        answer(packed, lambda message: home.send_bytes(pack(message)))


def answer(
    packed: bytes, send: Callable[[dict[str, Any]], None], turns: Turns | None = None
) -> None:
    """Do one job; its events and its outcome are sent."""
    try:
        job = Job(**unpack(packed))
        if job.kind == "compare" and job.fresh:
            job = replace(job, options={**job.options, "has_room": True})
        with _confined(job.options.get("memory_limit")):
            value = perform(job, lambda event: send({"event": event}), turns)
        outcome = Outcome("ok", value=value)
    except BaseException as error:  # noqa: BLE001 (the worker's boundary)
        outcome = failed(error)
    send({"outcome": vars(outcome)})


@contextlib.contextmanager
def _confined(limit: int | None) -> Iterator[None]:
    """Make one allocation far above the limit fail cleanly, where the system can (Linux).

    The rest is for who watches from outside: threads and compilers reserve address space that
    they never use, so the room here is generous.
    """
    if resource is None or not limit or not sys.platform.startswith("linux"):
        yield
        return
    old = resource.getrlimit(resource.RLIMIT_AS)
    room = psutil.Process().memory_info().vms + limit + _RESERVED_BYTES
    if old[1] != resource.RLIM_INFINITY:
        room = min(room, old[1])
    resource.setrlimit(resource.RLIMIT_AS, (room, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)


def end_with(launcher: int) -> None:
    """Have this process end when the launcher does, however abruptly that ends."""
    try:
        process = psutil.Process(launcher)
    except psutil.NoSuchProcess:
        os._exit(1)
    threading.Thread(target=_watch, args=(process,), daemon=True).start()


def _watch(launcher: psutil.Process) -> None:
    parent = os.getppid()
    while _alive(launcher) and os.getppid() == parent:
        time.sleep(_ORPHAN_CHECK_S)
    if os.getppid() == parent != launcher.pid:  # the fork server, which may linger without it
        os.kill(parent, signal.SIGKILL)
    end_group(os.getpid())  # this process with it
    os._exit(1)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
