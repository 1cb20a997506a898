"""The process of a server, from outside: what it takes."""

from __future__ import annotations

import psutil


class ServerProcess:
    """The process that was told to listen on a port.

    Its text is its resident memory and how many files it has open, sockets among them.
    """

    def __init__(self, port: int) -> None:
        """Find it among what this process has started: the last that was given that port."""
        family = psutil.Process().children(recursive=True)
        [*_, self._process] = [each for each in family if str(port) in each.cmdline()]

    def __str__(self) -> str:
        return f"{self.rss / 1e6:.0f} MB, {self.files}"

    @property
    def rss(self) -> int:
        """Bytes."""
        return self._process.memory_info().rss

    @property
    def files(self) -> int:
        """How many are open."""
        return self._process.num_fds()

    def cpu_s(self) -> float:
        """Return the seconds that it has computed so far, without its workers."""
        times = self._process.cpu_times()
        return times.user + times.system
