"""A sandbox with one worker in it, as seen from outside.

All that leads in or out is one end of a pair of sockets, on which both send plain data.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import time
from dataclasses import asdict
from multiprocessing.connection import Connection

from ._bubble import command, missing
from ._confines import Confines

OUTSIDE: dict[str, str] = {}  # bubblewrap's own environment, which can be read from inside
_START_S, _END_S = 30.0, 5.0
_LONGEST_WORD, _LONGEST_REASON = 100, 400
_NO_SANDBOX = (
    "No sandbox can be made here: {}. It needs bubblewrap 0.8 or later, and a system, or a"
    " container, that permits user namespaces and a `/proc` of one's own."
)


class Cell:
    """Starts a sandbox, whose worker does one order and ends.

    It ends with the thread that made it, however abruptly that ends.

    Args:
        confines: What may be taken in it.

    Raises:
        OSError: It can't be started, with a sentence that says why.
    """

    def __init__(self, confines: Confines) -> None:
        if why := missing():
            raise OSError(why)
        ours, theirs = socket.socketpair()
        with theirs:
            end = theirs.fileno()
            place = ("-m", "jacoscope.run._inmate", str(end), json.dumps(asdict(confines)))
            self._process = subprocess.Popen(
                command(confines, *place),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[end],
                env=OUTSIDE,
                cwd="/",
            )
        self._line = Connection(ours.detach())

    def wait(self) -> None:
        """Wait until the worker is ready.

        Raises:
            OSError: It has not come to that, with a sentence that says why.
        """
        try:
            if self._line.poll(_START_S) and self._line.recv_bytes(_LONGEST_WORD):
                return
            why = f"its worker has not begun within {_START_S:.0f} s"
        except (EOFError, OSError):
            why = self._reason()
        self.end()
        raise OSError(_NO_SANDBOX.format(why))

    def send(self, message: bytes) -> None:
        """Send what the worker waits for.

        Raises:
            OSError: It has ended.
        """
        self._line.send_bytes(message)

    def receive(self, longest: int) -> bytes:
        """Wait for what the worker sends.

        Raises:
            EOFError: It has ended.
            OSError: It has, or its message is longer than that.
        """
        return self._line.recv_bytes(longest)

    def exit_code(self) -> int | None:
        """Return how a worker that is no longer heard of has ended; negative is a signal."""
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code > 128 else code

    def end(self) -> bool:
        """End all that runs in it, at once; return whether all of it was seen to be gone."""
        self._process.kill()
        self._process.wait()
        gone = self._silent(time.monotonic() + _END_S)
        self._line.close()
        if self._process.stderr is not None:
            self._process.stderr.close()
        return gone

    def _silent(self, until: float) -> bool:
        """Wait for the end of the line: until then, somebody holds the other end of it."""
        line = socket.socket(fileno=self._line.fileno())
        try:
            while (left := until - time.monotonic()) > 0:
                if select.select([line], [], [], left)[0] and not line.recv(1 << 16):
                    return True
        except ConnectionError:
            return True
        finally:
            line.detach()
        return False

    def _reason(self) -> str:
        """The last line that was written while it started, in so many words at most."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        stream = self._process.stderr
        assert stream is not None
        readable = select.select([stream], [], [], 0)[0]
        said = os.read(stream.fileno(), 1 << 16).decode(errors="replace") if readable else ""
        lines = said.strip().splitlines() or ["it ended without a word"]
        return lines[-1][:_LONGEST_REASON].rstrip(".")
