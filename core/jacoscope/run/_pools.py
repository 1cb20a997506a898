"""The pools of a lane: one worker that is warm and kept, and one that is fresh for each job.

pebble replaces a worker that dies over a job. One that dies while it has none breaks the pool,
and one that dies while it takes a job leaves the pool's lock behind: what is scheduled then may
never begin. Such a pool is retired, and the next job gets a new one.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from concurrent.futures import Future
from typing import Any, cast

from pebble import ProcessPool

from ._plain_pipe import PlainContext
from ._worker import prepare, work

_JOIN_S = 2.0


class Pools:
    """The two pools, each made when it is first needed and again when it is broken."""

    def __init__(self) -> None:
        """Make the pool that is kept, so that its worker is warm when the first job comes."""
        self._pools = {False: _new_pool(fresh=False)}

    def schedule(self, fresh: bool, arguments: tuple[Any, ...]) -> Future[None]:
        """Have a worker do a job; see `work` for the arguments."""
        if not self.alive(fresh):
            self.retire(fresh)
            self._pools[fresh] = _new_pool(fresh)
        return self._pools[fresh].schedule(work, args=arguments)

    def alive(self, fresh: bool) -> bool:
        """Say whether a pool can still begin what was scheduled."""
        return fresh in self._pools and self._pools[fresh].active

    def retire(self, fresh: bool) -> None:
        """Give a pool up, with what it has not begun; returns at once."""
        pool = self._pools.pop(fresh, None)
        if pool is not None:
            threading.Thread(target=_stop, args=(pool,), daemon=True).start()

    def close(self) -> None:
        """Kill the workers."""
        for pool in self._pools.values():
            _stop(pool)


def _new_pool(fresh: bool) -> ProcessPool:
    """Make a pool of one worker: warm and kept for the next job, or fresh for each."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(["jacoscope.run._worker", "asdex"])  # if it is there
    pool = ProcessPool(
        max_workers=1,
        max_tasks=int(fresh),
        context=cast(Any, PlainContext(context)),
        initializer=prepare,
        initargs=(os.getpid(),),
    )
    assert pool.active  # asking starts it
    return pool


def _stop(pool: ProcessPool) -> None:
    pool.stop()
    with contextlib.suppress(TimeoutError):
        pool.join(_JOIN_S)
