"""How often the verdict is right: pairs of programs whose true ratio is known by construction.

    python benchmarks/verdicts.py [--pairs 40]

A differing pair runs the same step n and 1.6 n times; an identical pair is one function compiled
twice. Each pair is sampled as a comparison samples its strategies, and judged as a study judges
its rows: one is faster, or they tie. Done three times: on the machine as it is, with the other
core kept busy, and while a visitor changes the page's controls twice a second. Exits 1 where fewer
than 95 % are right, or one names the wrong winner.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import jax
import jax.numpy as jnp

from jacoscope._cost import compile_program
from jacoscope._measurement import Measurement
from jacoscope._statistics import contenders, ties, with_samples
from jacoscope._timing import Protocol, sample_all
from jacoscope.run import Job, LocalRunner, problem_target
from jacoscope.run._turn import Turn

RATIO = 1.6
SHARE = 0.95
# steps and width: from tens of microseconds to some milliseconds
SIZES = [(100, 32), (50, 64), (20, 128), (20, 256), (10, 384)]


def chain(steps: int, width: int) -> Callable[[], object]:
    def f(x: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, steps, lambda _, c: jnp.tanh(c @ c) / width, x)

    x = jnp.full((width, width), 0.5)
    compiled, _ = compile_program(f, (x,))
    return partial(compiled, x)


def verdict(first: Callable[[], object], second: Callable[[], object], turn: Turn) -> str:
    """`first`, `second` or `tie`, as a study would say."""
    with turn.timing(), turn.alone():
        samples = sample_all(
            {"first": first, "second": second},
            protocol=Protocol(),
            deadline=time.perf_counter() + 20,
            between=turn.between,
            undecided=contenders,
        )
    rows = {
        name: with_samples(Measurement(quantity="jacobian", strategy=name), taken)
        for name, taken in samples.items()
    }
    if ties(rows["first"], rows["second"]):
        return "tie"
    return min(rows, key=lambda name: rows[name].median_s or 0)


@contextmanager
def quiet() -> Iterator[None]:
    yield


@contextmanager
def busy_core() -> Iterator[None]:
    burning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        burning.kill()
        burning.wait()


@contextmanager
def visitor() -> Iterator[None]:
    """Someone who moves the batch size twice a second."""
    runner, gone = LocalRunner(), threading.Event()
    runner.submit(Job("devices")).result(60)

    def visit() -> None:
        for batch in itertools.count(5):
            if gone.wait(0.5):
                return
            runner.submit(Job("matrix", problem_target("logistic_regression", {"batch": batch})))

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield
    finally:
        gone.set()
        thread.join()
        runner.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--machines", nargs="+", choices=MACHINES, default=list(MACHINES))
    given = parser.parse_args()
    pairs, turn, fine = given.pairs, Turn(), True
    print(f"{'machine':<10} {'pairs':<10} {'right':>5} {'tie':>5} {'wrong':>5}  of {pairs}")
    for title in given.machines:
        with MACHINES[title]():
            fine &= show(title, "1.6 : 1", differing(pairs, turn))
            fine &= show(title, "identical", identical(pairs, turn))
    return 0 if fine else 1


def differing(pairs: int, turn: Turn) -> Counter[str]:
    """Judge pairs of 1 : 1.6, the slower one first in every other."""
    found: Counter[str] = Counter()
    for number, (steps, width) in zip(range(pairs), itertools.cycle(SIZES)):
        short, long = chain(steps, width), chain(round(RATIO * steps), width)
        names = ("second", "first") if number % 2 else ("first", "second")
        said = verdict(*((long, short) if number % 2 else (short, long)), turn)
        found["tie" if said == "tie" else "right" if said == names[0] else "wrong"] += 1
    return found


def identical(pairs: int, turn: Turn) -> Counter[str]:
    """Judge pairs of one function compiled twice: the right verdict is a tie."""
    found: Counter[str] = Counter()
    for _, (steps, width) in zip(range(pairs), itertools.cycle(SIZES)):
        said = verdict(chain(steps, width), chain(steps, width), turn)
        found["right" if said == "tie" else "apart"] += 1
    return found


def show(machine: str, kind: str, found: Counter[str]) -> bool:
    """Print a line; say whether it is what is asked."""
    fine = found["right"] >= SHARE * found.total() and not found["wrong"]
    ties = found["right"] if kind == "identical" else found["tie"]
    wrong = found["wrong"] + found["apart"]
    note = "" if fine else "  FALLS SHORT"
    print(f"{machine:<10} {kind:<10} {found['right']:>5} {ties:>5} {wrong:>5}{note}", flush=True)
    return fine


MACHINES = {"quiet": quiet, "busy": busy_core, "visitor": visitor}

if __name__ == "__main__":
    sys.exit(main())
