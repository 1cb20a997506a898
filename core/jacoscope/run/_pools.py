"""The pools of a lane: one worker that is warm and kept, and one that is fresh for each job.

With sandboxes there is one pool, of a keeper, as each of its sandboxes is fresh.

pebble replaces a worker that dies over a job. One that dies while it has none breaks the pool,
and one that dies while it takes a job leaves the pool's lock behind: what is scheduled then may
never begin. Such a pool is retired, and the next job gets a new one.
"""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import Future
from multiprocessing import get_all_start_methods, get_context
from typing import Any, cast

from pebble import ProcessPool

from ._confines import Confines
from ._keeper import keep
from ._keeper import prepare as prepare_keeper
from ._plain_pipe import PlainContext
from ._worker import prepare, work

_JOIN_S = 2.0


class Pools:
    """The two pools, each made when it is first needed and again when it is broken.

    The pool that is kept is made at once, so that its worker is warm when the first job comes.

    Args:
        lane: Whose they are.
        confines: What a job may take, in a sandbox of its own; None for no sandboxes.
    """

    def __init__(self, lane: str, confines: Confines | None = None) -> None:
        self._lane, self._confines = lane, confines
        self._pools = {False: self._new(fresh=False)}

    def schedule(self, fresh: bool, arguments: tuple[Any, ...]) -> Future[None]:
        """Have a worker do a job; see `work` for the arguments."""
        fresh = self._apart(fresh)
        if not self.alive(fresh):
            self.retire(fresh)
            self._pools[fresh] = self._new(fresh)
        return self._pools[fresh].schedule(keep if self._confines else work, args=arguments)

    def alive(self, fresh: bool) -> bool:
        """Say whether a pool can still begin what was scheduled."""
        fresh = self._apart(fresh)
        return fresh in self._pools and self._pools[fresh].active

    def retire(self, fresh: bool) -> None:
        """Give a pool up, with what it has not begun; returns at once."""
        pool = self._pools.pop(self._apart(fresh), None)
        if pool is not None:
            threading.Thread(target=_stop, args=(pool,), daemon=True).start()

    def close(self) -> None:
        """Kill the workers."""
        for pool in self._pools.values():
            _stop(pool)

    def _apart(self, fresh: bool) -> bool:
        """Whether it takes a pool apart from the one that is kept."""
        return fresh and self._confines is None

    def _new(self, fresh: bool) -> ProcessPool:
        """Make a pool of one worker: warm and kept for the next job, or fresh for each."""
        method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
        context = get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(
                ["jacoscope.run._keeper"]
                if self._confines
                else ["jacoscope.run._worker", "asdex"]  # if it is there
            )
        launcher = os.getpid()
        pool = ProcessPool(
            max_workers=1,
            max_tasks=int(fresh),
            context=cast(Any, PlainContext(context)),
            initializer=prepare_keeper if self._confines else prepare,
            initargs=(launcher, self._confines, self._lane) if self._confines else (launcher,),
        )
        assert pool.active  # asking starts it
        return pool


def _stop(pool: ProcessPool) -> None:
    pool.stop()
    with contextlib.suppress(TimeoutError):
        pool.join(_JOIN_S)
