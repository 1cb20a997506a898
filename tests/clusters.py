"""`jacoscope cluster` as a process of its own, and what tests do to it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.served import checkout, heard

PATIENCE_S = 120.0


@dataclass
class Cluster:
    """A cluster that is up."""

    process: subprocess.Popen[str]
    address: str
    said: str

    def workers(self) -> list[psutil.Process]:
        """Return the processes of its workers."""
        there = psutil.Process(self.process.pid).children()
        return [each for each in there if "spawn_main" in " ".join(each.cmdline())]

    def family(self) -> list[psutil.Process]:
        """Return all of its processes."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]


@contextmanager
def cluster(*options: str) -> Iterator[Cluster]:
    """Start a cluster, at a free port unless told otherwise; at the end Ctrl-C ends all of it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jacoscope_dashboard._cli", "cluster", "--port", "0", *options],
        env=checkout(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    said = heard(process, "Ctrl-C ends it", lambda: process.communicate()[1])
    found = re.search(r"is at (\S+)", said)
    assert found is not None
    made = Cluster(process, found[1], said)
    try:
        yield made
        if process.poll() is not None:  # the test has ended it
            return
        family = made.family()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, errors
        assert errors == "The cluster ends.\n", errors
        assert left(family) == []
    finally:
        process.kill()
        process.communicate()  # which closes the pipes, too


def left(family: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that run after some seconds; one that waits for a parent does not run."""
    _, alive = psutil.wait_procs(family, timeout=10)
    return [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def until(path: Path, count: int = 1) -> list[str]:
    """Wait for so many lines in a file, and return them."""
    end = time.monotonic() + PATIENCE_S
    while not path.is_file() or path.read_text().count("\n") < count:
        assert time.monotonic() < end
        time.sleep(0.02)
    return path.read_text().splitlines()
