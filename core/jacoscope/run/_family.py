"""A worker and what its job has started: processes that would outlive it, and go on computing.

Each worker leads a process group of its own, where the system has groups. What a worker that has
died left behind is found by the group; what moved to another group, while its parents live.
"""

from __future__ import annotations

import contextlib
import os
import signal

import psutil


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
    """Kill a worker at once, and all that it has started."""
    with contextlib.suppress(psutil.Error):
        worker.suspend()  # it takes no more memory, and starts no more, while the others are found
        for each in [worker, *worker.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                each.kill()
    end_group(worker.pid)
