"""An hour of visitors who come, change controls, run comparisons and leave: does anything grow?

    python benchmarks/load/soak.py [--minutes 60] [--at-once 5]

Samples the server's resident memory and its open files every minute, or every twentieth part of a
shorter run, and fits a line to each after the first ten minutes, or the first third. What a process
takes at first levels off only after a while, so that memory is judged from half an hour on. Exits 1
where it grows by more than a hundredth an hour and 20 MB, open files by more than five, or a visit
is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from load.server_process import ServerProcess
from load.visitor import RefusedError, Visitor
from serving import free_port, server

HERE = Path(__file__).parents[1]
STAY_S = (5.0, 60.0)
THINK_S = (0.5, 5.0)
GROWTH_BYTES, GROWTH_FILES = 20_000_000, 5.0  # over the time that is fitted, by the line
GROWTH_SHARE = 0.01
JUDGED_S = 1800.0


@dataclass
class Soak:
    """What was done, and what was sampled.

    Attributes:
        visits: That ended as their visitor wished.
        lost: That did not, with why.
        samples: Seconds since the start, resident bytes, open files.
    """

    visits: int = 0
    lost: list[str] = field(default_factory=list)
    samples: list[tuple[float, int, int]] = field(default_factory=list)

    async def come_and_go(self, address: str, seed: int, until: float) -> None:
        """Be one visitor after the other."""
        choice = random.Random(seed)
        while time.monotonic() < until:
            try:
                await self._visit(address, choice, until)
                self.visits += 1
            except (OSError, TimeoutError, RefusedError) as error:
                self.lost.append(f"{type(error).__name__}: {error}")

    async def _visit(self, address: str, choice: random.Random, until: float) -> None:
        visitor = await Visitor.arrive(address)
        try:
            ends = min(time.monotonic() + choice.uniform(*STAY_S), until)
            while time.monotonic() < ends:
                await asyncio.sleep(choice.uniform(*THINK_S))
                await self._do_something(visitor, choice)
        finally:
            await visitor.leave()  # whatever is under way

    async def _do_something(self, visitor: Visitor, choice: random.Random) -> None:
        match choice.choice(["size", "size", "Mode", "Batching", "Run", "Cancel"]):
            case "size":
                await visitor.change("Batch size", str(choice.randint(2, 200)))
            case "Run" | "Cancel" as button:
                if not visitor.controls[button].get("disabled"):
                    await visitor.press(button)
            case label:
                options = visitor.controls[label]["options"]
                await visitor.change(label, choice.choice(options))

    async def sample(self, process: ServerProcess, every_s: float, until: float) -> None:
        """Look at the server again and again."""
        start = time.monotonic()
        while time.monotonic() < until:
            await asyncio.sleep(every_s)
            now = time.monotonic() - start, process.rss, process.files
            self.samples.append(now)
            minutes, rss, files = now[0] / 60, now[1] / 1e6, now[2]
            said = f"{minutes:7.1f} {rss:8.0f} {files:7} {self.visits:8} {len(self.lost):6}"
            print(said, flush=True)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Return what a straight line through values grows by a second."""
    return float(np.polyfit(np.asarray(times), np.asarray(values, float), 1)[0])


def report(soak: Soak, from_s: float) -> bool:
    """Print how much has grown; say whether that is little enough."""
    kept = [each for each in soak.samples if each[0] >= from_s]
    times = [each[0] for each in kept]
    span_s = times[-1] - times[0]
    rss = slope(times, [each[1] for each in kept])
    files = slope(times, [each[2] for each in kept])
    allowed = GROWTH_BYTES + GROWTH_SHARE * kept[0][1] * span_s / 3600
    judged = times[-1] >= 0.95 * JUDGED_S
    fine = files * span_s < GROWTH_FILES and not soak.lost
    fine &= rss * span_s < allowed or not judged
    grew = f"{3600 * rss / 1e6:+.1f} MB an hour, {3600 * files:+.1f} open files an hour"
    print(f"after {from_s / 60:.1f} minutes: {grew}")
    print(f"visits: {soak.visits}, lost: {len(soak.lost)} {sorted(set(soak.lost))[:3]}")
    print("memory: " + ("judged" if judged else "too short a run to judge"))
    print("as wanted" if fine else "FALLS SHORT")
    return fine


async def hold(address: str, process: ServerProcess, seconds: float, at_once: int) -> Soak:
    """Have so many visitors at once for so long."""
    soak, until = Soak(), time.monotonic() + seconds
    print(f"{'minutes':>7} {'RSS, MB':>8} {'files':>7} {'visits':>8} {'lost':>6}", flush=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(soak.sample(process, min(60.0, seconds / 20), until))
        for seed in range(at_once):
            group.create_task(soak.come_and_go(address, seed, until))
    return soak


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--at-once", type=int, default=5)
    given = parser.parse_args()
    seconds = 60.0 * given.minutes
    with tempfile.TemporaryDirectory() as folder:
        port, log = free_port(), Path(folder, "gaps.jsonl")
        command = f"'{sys.executable}' '{HERE / 'watched_server.py'}' {port} '{log}'"
        with server(command) as address:
            soak = asyncio.run(hold(address, ServerProcess(port), seconds, given.at_once))
    return 0 if report(soak, min(600.0, seconds / 3)) else 1


if __name__ == "__main__":
    sys.exit(main())
