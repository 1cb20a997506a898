"""A sweep on a local Dask cluster of two workers: undisturbed, and with workers that are killed.

    python benchmarks/load/cluster_sweep.py [--jobs 200] [--every 20]

Each job is a comparison of its own. Every one of them has to end with exactly one outcome, ok, its
attempts recorded; and the disturbed sweep may take 1.5 times as long as the other. A worker is
killed with SIGKILL, the one that is at work if one is.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tests start clusters, too

from tests.clusters import Cluster, cluster

from jacoscope import Study
from jacoscope.run import DaskRunner, Job, Outcome, problem_target

MOST = 1.5  # times as long
ONLY = ["forward/vmap"]
PATIENCE_S = 1200.0


def sweep(runner: DaskRunner, count: int) -> tuple[list[list[Outcome]], float]:
    """Have all jobs done; return the outcomes of each, and the seconds it took."""
    ended: list[list[Outcome]] = [[] for _ in range(count)]
    begin = time.monotonic()
    handles = []
    for number in range(count):
        knobs = {"batch": 4 + number % 50, "features": 3 + number // 50}
        options = {"time_limit": 60.0, "only": ONLY}
        handle = runner.submit(
            Job("compare", problem_target("logistic_regression", knobs), options)
        )
        handle.future.add_done_callback(
            lambda done, number=number: ended[number].append(done.result())
        )
        handles.append(handle)
    for number, handle in enumerate(handles, start=1):
        handle.result(PATIENCE_S)
        if number % 25 == 0:
            print(f"  {number} of {count} jobs after {time.monotonic() - begin:.0f} s", flush=True)
    return ended, time.monotonic() - begin


@contextmanager
def disturbed(there: Cluster, every_s: float) -> Iterator[list[int]]:
    """Kill a worker every so many seconds; yield the processes that were killed."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while not over.wait(every_s):
            workers = there.workers()
            if workers:
                victim = max(workers, key=_busy)
                killed.append(victim.pid)
                victim.send_signal(signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    yield killed
    over.set()
    thread.join()


def _busy(worker: psutil.Process) -> float:
    """How busy the processes of a worker have been over a moment; equals are told apart by luck."""
    try:
        family = worker.children(recursive=True)
        for each in family:
            each.cpu_percent()
        time.sleep(0.05)
        return sum(each.cpu_percent() for each in family) + random.random()
    except psutil.Error:
        return random.random()


def verdict(ended: list[list[Outcome]], name: str) -> list[str]:
    """Print what the jobs came to, and return what falls short."""
    short = []
    counts = Counter(len(each) for each in ended)
    if set(counts) != {1}:
        short.append(f"{name}: outcomes a job {dict(counts)}, wanted one each")
    outcomes = [each[0] for each in ended if each]
    statuses = Counter(each.status for each in outcomes)
    attempts = Counter(len(each.attempts) for each in outcomes)
    print(f"  statuses {dict(statuses)}; jobs by attempts {dict(sorted(attempts.items()))}")
    if statuses["ok"] != len(ended):
        said = {each.message for each in outcomes if each.status != "ok"}
        short.append(f"{name}: not all are ok: {dict(statuses)} {said}")
    if attempts[0]:
        short.append(f"{name}: {attempts[0]} jobs have no attempt recorded")
    rows = [row.status for each in outcomes if each.status == "ok" for row in _rows(each)]
    if rows != ["ok"] * len(ended):
        short.append(f"{name}: rows {dict(Counter(rows))}, wanted one a job, ok")
    return short


def _rows(outcome: Outcome) -> Any:
    return Study.from_plain(outcome.value["study"]).rows


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--jobs", type=int, default=200)
    reader.add_argument("--every", type=float, default=20.0, help="seconds between two kills")
    given = reader.parse_args()
    short: list[str] = []
    took: dict[str, float] = {}
    for name in ("undisturbed", "disturbed"):
        with cluster("--workers", "2") as there:
            runner = DaskRunner(there.address)
            for _ in range(2):  # both workers have come, and what is slow at first is over
                runner.submit(Job("devices")).result(PATIENCE_S)
            print(f"{name}: {given.jobs} jobs on 2 workers", flush=True)
            with disturbed(there, given.every if name == "disturbed" else 1e6) as killed:
                ended, took[name] = sweep(runner, given.jobs)
            print(f"  {took[name]:.1f} s, workers killed: {len(killed)}")
            short += verdict(ended, name)
            if name == "disturbed" and not killed:
                short.append("no worker was killed: the sweep was over before")
            runner.close()
    ratio = took["disturbed"] / took["undisturbed"]
    print(f"disturbed over undisturbed: {ratio:.2f}×, allowed {MOST}×")
    if ratio > MOST:
        short.append(f"the disturbed sweep took {ratio:.2f}× as long, allowed {MOST}×")
    for each in short:
        print(f"SHORT: {each}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
