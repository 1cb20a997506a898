"""A class of a hundred opens the page at once: does the server answer all of them, and how soon?

    python benchmarks/load/class_of_100.py [--visitors 100] [--seconds 300] [--gets 500]

First the page is fetched so many times and no websocket follows: the server takes as many visits
as it is set to, and says 503 to the rest. Once those have ended, visitors arrive one a second.
Each changes a control every few seconds; one in ten runs comparisons, which wait for each other.
They are no browsers (visitor.py): nothing is drawn, and what they take of the processors is told.
A click is acknowledged when the server has done all that it does at once for it, and says so.

Exits 1 where a visit is lost, 95 of 100 clicks are not acknowledged within 500 ms, or the event
loop is held up for 250 ms outside arrivals.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from event_loop import LIMIT_S, Spans
from load.server_process import ServerProcess
from load.visitor import RefusedError, Visitor, fetch
from serving import free_port, server

HERE = Path(__file__).parents[1]
CLICK_S = 0.5
EVERY_S = (3.0, 7.0)  # between two changes of a visitor's
RUNNERS = 10  # one in so many runs comparisons
AT_ONCE = 20  # bare requests
UNOPENED_S = 20.0  # after which a visit that nobody opened has ended
ARRIVALS, REST = "while they arrive", "once all are there"


@dataclass
class Class:
    """All visitors, and what became of their clicks.

    Attributes:
        clicks: Seconds until each was acknowledged.
        statuses: What those who were not let in were answered.
        lost: Visits that ended by themselves.
        opened: Seconds until the controls of each were there.
        runs: Comparisons that were asked for.
    """

    clicks: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    opened: list[float] = field(default_factory=list)
    runs: int = 0

    async def visit(self, address: str, number: int, until: float) -> None:
        """Arrive, change controls and maybe run comparisons until the end, and leave."""
        choice = random.Random(number)
        begin = time.monotonic()
        try:
            visitor = await Visitor.arrive(address)
        except RefusedError as error:
            self.statuses[error.status] += 1
            return
        except (OSError, TimeoutError):
            self.lost += 1
            return
        self.opened.append(time.monotonic() - begin)
        try:
            while (wait_s := choice.uniform(*EVERY_S)) < until - time.monotonic():
                await asyncio.sleep(wait_s)
                await self._click(visitor, choice, number % RUNNERS == 0)
        except (OSError, TimeoutError):
            self.lost += 1
        finally:
            await visitor.leave()

    async def _click(self, visitor: Visitor, choice: random.Random, runs: bool) -> None:
        if runs and not visitor.running:
            self.runs += 1
            self.clicks.append(await visitor.press("Run"))
            return
        label = choice.choice(["Mode", "Batching", "Batch size", "Batch size"])
        control = visitor.controls[label]
        options = control.get("options") or [str(size) for size in range(2, 33)]
        options = [each for each in options if each != control["value"]]
        self.clicks.append(await visitor.change(label, choice.choice(options)))


async def bare_gets(address: str, count: int) -> Counter[int]:
    """Fetch the page so often, and connect no websocket; return how often which status came."""
    turns, statuses = asyncio.Semaphore(AT_ONCE), Counter[int]()

    async def one() -> None:
        async with turns:
            statuses[(await fetch(address))[0]] += 1

    await asyncio.gather(*(one() for _ in range(count)))
    return statuses


async def hold_class(address: str, visitors: int, seconds: float, spans: Spans) -> Class:
    """Have them arrive one a second, and stay to the end."""
    everyone, until = Class(), time.monotonic() + visitors + seconds
    async with asyncio.TaskGroup() as group:
        with spans.span(ARRIVALS):
            for number in range(visitors):
                group.create_task(everyone.visit(address, number, until))
                await asyncio.sleep(1.0)
            while len(everyone.opened) + everyone.statuses.total() + everyone.lost < visitors:
                await asyncio.sleep(0.1)
        with spans.span(REST):
            await asyncio.sleep(max(until - time.monotonic() - EVERY_S[1], 0.0))
    return everyone


def told(title: str, value: object, fine: bool = True) -> bool:
    """Print a line of the table; return whether it is as wanted."""
    print(f"{title:46} {value}{'' if fine else '  FALLS SHORT'}", flush=True)
    return fine


def report(everyone: Class, spans: Spans, gaps: Sequence[dict[str, Any]]) -> bool:
    """Print what was seen of the class; say whether it is as wanted."""
    clicks = sorted(everyone.clicks)
    p95_s = clicks[min(int(0.95 * len(clicks)), len(clicks) - 1)]
    opened = everyone.opened
    fine = told("sessions lost", everyone.lost, everyone.lost == 0)
    told("sessions refused, by status", dict(everyone.statuses))
    said = f"{statistics.median(opened):.2f}, {max(opened):.2f} s"
    told("controls there after, p50, longest", said)
    told("clicks, comparisons among them", f"{len(clicks)}, {everyone.runs}")
    said = f"{1e3 * statistics.median(clicks):.0f}, {1e3 * p95_s:.0f}, {1e3 * clicks[-1]:.0f} ms"
    fine &= told("click to acknowledged, p50, p95, longest", said, p95_s < CLICK_S)
    for title in (ARRIVALS, REST):
        inside = [gap for gap in gaps if title in spans.of(gap)]
        longest = max(inside, key=lambda gap: gap["gap_s"], default=None)
        held_s = 0.0 if longest is None else longest["gap_s"]
        over = sum(gap["gap_s"] > LIMIT_S for gap in inside)
        said = f"{1e3 * held_s:.0f} ms, {over} over 250 ms"
        fine &= told(f"event loop held up {title}", said, title == ARRIVALS or over == 0)
        if longest is not None:
            computed, starved = 1e3 * longest["computed_s"], 1e3 * longest["starved_s"]
            said = f"{computed:.0f}, {starved:.0f} ms"
            told("  of which computed, waiting for a processor", said)
            for name, _ in longest["where"][:2]:
                told("  in", name)
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300.0, help="once all are there")
    parser.add_argument("--gets", type=int, default=500)
    given = parser.parse_args()
    spans = Spans()
    with tempfile.TemporaryDirectory() as folder:
        log, port = Path(folder, "gaps.jsonl"), free_port()
        command = f"'{sys.executable}' '{HERE / 'watched_server.py'}' {port} '{log}'"
        with server(command) as address:
            process = ServerProcess(port)
            asyncio.run(fetch(address))  # the first is slower
            told("RSS, open files at the start", process)
            statuses = asyncio.run(bare_gets(address, given.gets))
            refused = f"{given.gets} bare requests, by status"
            fine = told(refused, dict(statuses), set(statuses) <= {200, 503})
            told("RSS, open files after them", process)
            time.sleep(UNOPENED_S)
            told("RSS, open files once those have ended", process)
            busy_s, own_s, begin = process.cpu_s(), _own_cpu_s(), time.monotonic()
            everyone = asyncio.run(_watched(address, given, spans, process))
            took_s = time.monotonic() - begin
            shares = (process.cpu_s() - busy_s) / took_s, (_own_cpu_s() - own_s) / took_s
            told("processors taken: server, visitors", "{:.2f}, {:.2f}".format(*shares))
            time.sleep(UNOPENED_S)
            told("RSS, open files after all have left", process)
        with suppress(FileNotFoundError):
            gaps = [json.loads(line) for line in log.read_text().splitlines()]
            fine &= report(everyone, spans, gaps)
    return 0 if fine else 1


async def _watched(address: str, given: argparse.Namespace, spans: Spans, process: Any) -> Class:
    """Hold the class, and look at the server when all are there and when they are about to go."""

    async def look() -> None:
        await asyncio.sleep(given.visitors + 2.0)
        told("RSS, open files with all there", process)
        await asyncio.sleep(max(given.seconds - 10.0, 0.0))
        told("RSS, open files before they leave", process)

    looking = asyncio.create_task(look())
    everyone = await hold_class(address, given.visitors, given.seconds, spans)
    await looking
    return everyone


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
