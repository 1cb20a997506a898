"""On a Dask worker: each job is done by local worker processes, as at home, and told in plain data.

So a job that crashes, hangs or takes too much memory costs that job, and not the Dask worker with
what else it does. Dask can't stop what a thread of its worker does; the station looks whether Dask
still wants it, and kills the job if not.
"""

from __future__ import annotations

import platform
import secrets
from functools import cache
from typing import Any

from distributed import Worker, get_worker

from ._job import Job
from ._local import LocalRunner
from ._versions import misfit, versions
from ._wire import pack, unpack

_LOOK_S = 0.25


def carry_out(order: bytes) -> bytes:
    """Do one job in a thread of this Dask worker, and return what became of it.

    Args:
        order: `job`, the `topic` and the `ticket` under which its events are told, and the
            `versions` of whoever sent it; packed.

    Returns:
        The `outcome`; or `misfit`, the sentence on what versions this worker has; packed.
    """
    worker, asked = get_worker(), unpack(order)
    key, run = worker.get_current_task(), secrets.token_hex(8)
    host = platform.node()

    def tell(event: dict[str, Any]) -> None:
        message = {"ticket": asked["ticket"], "run": run, "event": event}
        worker.log_event(asked["topic"], pack(message))

    tell({"type": "began", "worker": worker.address, "host": host})
    said = misfit(asked["versions"], versions(), f"Worker {worker.address} on host {host}")
    if said:
        return pack({"misfit": said})
    handle = _runner(_memory_of(worker)).submit(Job(**asked["job"]), tell)
    outcome = None
    while outcome is None:
        try:
            outcome = handle.result(_LOOK_S)
        except TimeoutError:
            if _unwanted(worker, key):
                handle.cancel()
    tell({"type": "left"})
    return pack({"outcome": vars(outcome)})


def dask_setup(worker: Worker) -> None:
    """Start the worker processes of a Dask worker with it, as its `--preload`."""
    _runner(_memory_of(worker)).start()


@cache
def _runner(memory_bytes: int | None) -> LocalRunner:
    return LocalRunner(memory_bytes=memory_bytes)


def _memory_of(worker: Worker) -> int | None:
    """Return the memory limit that a Dask worker was started with; None where it has none."""
    manager: Any = worker.memory_manager
    return None if manager is None or not manager.memory_limit else int(manager.memory_limit)


def _unwanted(worker: Worker, key: Any) -> bool:
    """Whether Dask has released a task while it runs."""
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"
