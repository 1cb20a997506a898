"""Inside a sandbox: a worker that does one order and ends.

Run as `python -m jacoscope.run._inmate END CONFINES`: the file descriptor of its line home, and
what it may take, in JSON. By the time it says that it is ready it has run nobody's code.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from ._confines import Confines
from ._keyring import leave_keyring
from ._trial import STAY_S, ways_out
from ._wire import pack, unpack
from ._worker import answer, hush, warm_up


class AskedTurns:
    """Turns that are asked for over the line: whoever keeps the sandbox holds the locks.

    The whole job has had its turn before it came in here.
    """

    def __init__(self, ask: Callable[[str], None]) -> None:
        self._ask = ask

    @contextlib.contextmanager
    def probe(self, lane: str = "probe") -> Iterator[None]:  # noqa: ARG002 (as in `Turns`)
        """Do nothing: it is."""
        yield

    @contextlib.contextmanager
    def timing(self, waiting: Callable[[], None] = print) -> Iterator[None]:  # noqa: ARG002 (as in `Turns`)
        """Do nothing: it is."""
        yield

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the device while samples are taken."""
        self._ask("alone")
        try:
            yield
        finally:
            self._ask("done")

    def between(self) -> None:
        """Let a waiting probe have the device."""
        self._ask("between")


def main() -> None:
    """Wait for one order, do it, and end."""
    line = Connection(int(sys.argv[1]))
    writing = threading.Lock()

    def send(message: dict[str, Any]) -> None:
        with writing:
            line.send_bytes(pack(message))

    def ask(word: str) -> None:
        send({"turn": word})
        line.recv_bytes()

    warm_up()
    hush()
    leave_keyring()
    Confines(**json.loads(sys.argv[2])).impose()
    send({"ready": True})
    try:
        order = line.recv_bytes()
    except EOFError:
        return
    trial = unpack(order).get("trial")
    if trial is not None:
        send({"ways_out": ways_out(end=int(sys.argv[1]), **trial)})
        time.sleep(STAY_S)  # to be ended
    answer(order, send, AskedTurns(ask))
    os._exit(0)  # whatever threads and hooks the code has left


if __name__ == "__main__":
    main()
