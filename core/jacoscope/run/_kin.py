"""A process with all that it has started, and what they have: how much memory all of them take."""

from __future__ import annotations

import os
import time
from pathlib import Path

_LOOK_S = 0.05  # how often who there is is looked up; what they take is read each time
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Kin:
    """The processes that descend from one, itself included (Linux).

    Args:
        pid: Whose.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._known: list[int] = []
        self._looked = float("-inf")

    def resident(self) -> int:
        """Return the bytes that they hold in memory; what two share counts twice."""
        now = time.monotonic()
        if now - self._looked > _LOOK_S:
            self._known, self._looked = self.everyone(), now
        return sum(_resident(pid) for pid in self._known)

    def everyone(self) -> list[int]:
        """Return their numbers."""
        found, new = [self._pid], [self._pid]
        while new:
            new = [child for pid in new for child in _children(pid)]
            found += new
        return found


def _children(pid: int) -> list[int]:
    try:
        lists = [each / "children" for each in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []  # it has ended
    return [int(child) for each in lists for child in _read(each).split()]


def _resident(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * _PAGE_BYTES if fields else 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
