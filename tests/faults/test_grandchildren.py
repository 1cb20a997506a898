"""What a job has started ends with its worker: on cancel, at the time limit, and when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jacoscope.run import Job, LocalRunner, function_target
from tests.served import checkout

LEFT_S = 2.0  # after which nothing may be left
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups")


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    started = LocalRunner()
    started.submit(Job("devices")).result(PATIENCE_S)
    yield started
    started.close()


def parent_of_many(pids: str) -> Any:
    """A function that starts processes, one of them in a session of its own, and never ends."""

    def f(x: Any) -> Any:
        burn = [sys.executable, "-c", "while True: pass"]
        children = [subprocess.Popen(burn, start_new_session=own) for own in (False, True)]
        Path(pids).write_text(f"{children[0].pid} {children[1].pid} {os.getpid()}\n")
        while True:
            pass

    return f


def family_of(pids: Path) -> list[psutil.Process]:
    """Return what the function has started, and its worker, the last."""
    end = time.monotonic() + PATIENCE_S
    while not pids.is_file() or not pids.read_text().endswith("\n"):
        assert time.monotonic() < end
        time.sleep(0.05)
    return [psutil.Process(int(each)) for each in pids.read_text().split()]


def left(family: list[psutil.Process]) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(family, timeout=LEFT_S)
    return [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("how", ["cancel", "time limit", "launcher"])
def test_all_of_a_job_ends(runner: LocalRunner, tmp_path: Path, how: str) -> None:
    pids = tmp_path / "pids"
    limit = 4.0 if how == "time limit" else 100.0
    target = function_target(parent_of_many(str(pids)), 1.0)
    handle = runner.submit(Job("compare", target, {"time_limit": limit}))
    family = family_of(pids)
    if how == "cancel":
        handle.cancel()
    elif how == "launcher":
        assert runner._process is not None
        runner._process.kill()
        family.pop(1).kill()  # in a session of its own: nobody is left who knows of it
    status = handle.result(PATIENCE_S).status
    assert status == {"cancel": "cancelled", "time limit": "ok", "launcher": "crashed"}[how]
    assert left(family) == []
    assert runner.submit(Job("devices")).result(PATIENCE_S).status == "ok"


def test_what_a_dead_worker_left_ends(runner: LocalRunner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    handle = runner.submit(Job("matrix", function_target(parent_of_many(str(pids)), 1.0)))
    child, apart, worker = family_of(pids)
    apart.kill()  # in a session of its own: nobody finds it once its parent is dead
    worker.send_signal(signal.SIGSEGV)
    outcome = handle.result(PATIENCE_S)
    assert (outcome.status, outcome.message) == ("crashed", "The worker process died (SIGSEGV).")
    assert left([child]) == []


DIES = """
import os, subprocess, sys
import psutil
from jacoscope.run import _family
from jacoscope.run._kin import Kin

sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
sleeper = subprocess.Popen(sleep, stdout=subprocess.DEVNULL)
print(sleeper.pid, flush=True)
Kin.everyone = psutil.Process.children = lambda *_, **__: os._exit(0)
_family.end_family(psutil.Process(sleeper.pid))
"""


def test_nobody_stays_stopped_when_the_launcher_dies_over_a_kill() -> None:
    """Such a worker would see no end of the launcher, and keep the device's lock for ever."""
    done = subprocess.run([sys.executable, "-c", DIES], stdout=subprocess.PIPE, env=checkout())
    worker = psutil.Process(int(done.stdout))
    assert worker.status() != psutil.STATUS_STOPPED
    worker.kill()
