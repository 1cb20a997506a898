"""What tests of the terminal share: a folder with a user's module in it, and a command in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jacoscope.run import Job, Outcome

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-P", "-m", "jacoscope_dashboard._cli"]  # -P: no folder but our own
MODULE = """
import jax
import jax.numpy as jnp

print("imported")
A = jnp.arange(12.0).reshape(4, 3) / 12


def f(x):
    return jnp.tanh(A @ x)


def two(w, x):
    return jnp.sin(x.at[0].add(1.0) @ w)


def tree(d):
    return d["a"] * d["b"].sum()


def total(x):
    return jnp.sum(f(x) ** 2)


def raises(x):
    raise KeyError("nothing here")


def make_inputs():
    return jnp.ones(3)


def make_nothing():
    return None


def make_words():
    return {"a": jnp.ones(3), "b": ["words"]}


def make_trouble():
    raise OSError("no data")


class Net:
    @staticmethod
    def apply(x):
        return f(x)
"""


class Answering:
    """A runner whose jobs end at once, with what a function says of each."""

    def __init__(self, answer: Callable[[Job], Outcome]) -> None:
        self._answer = answer
        self.jobs: list[Job] = []
        self.closed = False

    def submit(self, job: Job, on_event: Callable[[dict[str, Any]], None] | None = None) -> Any:
        self.jobs.append(job)
        if on_event is not None:
            on_event({"type": "plan", "strategies": ["forward/vmap", "reverse/vmap"]})
        return self

    def result(self, timeout: float | None = None) -> Outcome:
        return self._answer(self.jobs[-1])

    def close(self) -> None:
        self.closed = True


def environment() -> dict[str, str]:
    paths = os.pathsep.join(str(ROOT / each) for each in ("core", "dashboard"))
    return {**os.environ, "PYTHONPATH": paths}


def jacoscope(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, in a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
    )
