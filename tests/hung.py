"""What there is to know of a test that hangs: the processes there are, and the locks they hold."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

_AFTER_S = 280.0  # before `faulthandler_timeout` ends the run
_WORDS = 12  # of a command


@contextlib.contextmanager
def told_if_it_hangs(name: str, after_s: float = _AFTER_S) -> Iterator[None]:
    """Write which processes there are when what follows takes too long, in seconds.

    It goes where standard error goes now: within a test that is kept for a report.
    """
    stderr = os.dup(2)

    def tell() -> None:
        lines = [line for process in psutil.process_iter() if (line := _line(process))]
        text = "\n".join(["", f"{name} has not ended after {after_s:.0f} s. There are:", *lines])
        os.write(stderr, f"{text}\n".encode())

    timer = threading.Timer(after_s, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        os.close(stderr)


def _line(process: psutil.Process) -> str:
    """Describe a process; empty for the kernel's own, and for one that has ended."""
    with contextlib.suppress(psutil.Error, OSError):
        if command := " ".join(process.cmdline()).split():
            used_s = sum(process.cpu_times()[:2])
            who = f"{process.pid} of {process.ppid()}, {process.status()}, {used_s:.0f} s of CPU"
            held = "".join(f", holds {each}" for each in _held(process.pid))
            return f"  {who}{held}: {' '.join(command[:_WORDS])}"
    return ""


def _held(pid: int) -> list[Path]:
    """Return the files that a process has open and locked, by whichever process (Linux)."""
    held = []
    for each in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            if "FLOCK" in each.read_text():
                held.append(Path(f"/proc/{pid}/fd", each.name).readlink())
    return held
