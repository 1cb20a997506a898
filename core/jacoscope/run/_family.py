"""A worker and what its job has started: processes that would outlive it, and go on computing.

Each worker leads a process group of its own, where the system has groups. What a worker that has
died left behind is found by the group; what moved to another group, while its parents live.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

import psutil

from ._kin import Kin


def lead_group() -> None:
    """Have what this process starts from here on be in a group of its own, and the process too."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)


def end_group(leader: int) -> None:
    """Kill what is left of a worker's group, and the worker if it is there."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):  # nothing is
            os.killpg(leader, signal.SIGKILL)


def end_family(worker: psutil.Process) -> None:
    """Kill a worker at once, and all that it has started.

    It is not stopped first while they are found: should this process end just then, it would stay
    stopped for ever, and keep its locks from everybody.
    """
    started = _started_by(worker)
    with contextlib.suppress(psutil.Error):
        worker.kill()
    for pid in started:
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).kill()
    end_group(worker.pid)


def _started_by(worker: psutil.Process) -> list[int]:
    if sys.platform == "linux":  # in less than a millisecond, in which a worker may take more
        return Kin(worker.pid).everyone()[1:]
    with contextlib.suppress(psutil.Error):
        return [each.pid for each in worker.children(recursive=True)]
    return []
