"""The page's server with a watch on its event loop; `event_loop.py` starts it.

    python benchmarks/watched_server.py PORT LOG

A coroutine on the server's own loop beats every ten milliseconds. A thread looks at the loop's
stack whenever a beat is late. Each beat that was late by more than 50 ms becomes a line of the
log: when, how long, how much of it the loop's thread was computing and how much it waited for a
processor (on Linux; the rest it waited for another thread), and in which functions.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

from tornado.ioloop import IOLoop

from jacoscope_dashboard._server import serve

BEAT_S = 0.01
LATE_S = 0.05
LOOK_S = 0.005
OURS, SERVER = "jacoscope", "jacoscope_dashboard._server"
MACHINERY = ("__main__", "asyncio", "tornado", "contextlib", "functools", "param", SERVER)
DEPTH = 5


@dataclass
class Watch:
    """The beats of one loop, and what was seen when one was late."""

    log: TextIO
    thread: int = field(default_factory=threading.get_ident)
    due: float = float("inf")  # when the next beat is due, on the monotonic clock
    seen: Counter[str] = field(default_factory=Counter)

    async def beat(self) -> None:
        """Beat for good, on the loop that is watched."""
        while True:
            computed, starved = time.thread_time(), waited_s()
            self.due = time.monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            due, self.due = self.due, float("inf")
            late = time.monotonic() - due
            if late > LATE_S:
                self.tell(due, late, time.thread_time() - computed, waited_s() - starved)
            self.seen = Counter()

    def tell(self, due: float, late: float, computed: float, starved: float) -> None:
        """Write a late beat down."""
        where = self.seen.most_common(4)
        lasted = {"at": due, "gap_s": late, "computed_s": computed, "starved_s": starved}
        line = {**lasted, "where": where}
        self.log.write(json.dumps(line) + "\n")
        self.log.flush()

    def look(self) -> None:
        """Note where the loop's thread is whenever a beat is late; runs in its own thread."""
        while True:
            time.sleep(LOOK_S)
            if time.monotonic() > self.due + LOOK_S:
                self.seen[place(sys._current_frames()[self.thread])] += 1


def waited_s() -> float:
    """Return how long this thread has waited for a processor so far; 0 where Linux doesn't say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def place(frame: FrameType | None) -> str:
    """Say where a stack is: from our last function inwards, the first function of each package."""
    stack: list[tuple[str, str]] = []  # innermost first
    while frame is not None:
        module = frame.f_globals.get("__name__", "?")
        stack.append((module, f"{module}.{frame.f_code.co_qualname}:{frame.f_lineno}"))
        if module.startswith(OURS) and module != SERVER:
            break
        frame = frame.f_back
    stack = [each for each in reversed(stack) if not each[0].startswith(MACHINERY)]
    chain = [
        name
        for (before, _), (module, name) in itertools.pairwise([("", ""), *stack])
        if module.split(".")[0] != before.split(".")[0]
    ]
    return " > ".join(chain[:DEPTH]) or "the loop itself"


def main() -> int:
    port, log = int(sys.argv[1]), Path(sys.argv[2])
    with log.open("w") as stream:
        watch = Watch(stream)
        IOLoop.current().add_callback(watch.beat)
        threading.Thread(target=watch.look, daemon=True).start()
        return serve("localhost", port)


if __name__ == "__main__":
    sys.exit(main())
