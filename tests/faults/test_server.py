"""A server that is killed or ended: nothing of it is left."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.served import Served, started

LEFT_S = 5.0  # after which nothing may be left


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        (signal.SIGKILL, True),
        (signal.SIGTERM, True),
        (signal.SIGTERM, False),
        (signal.SIGINT, True),
    ],
)
def test_nothing_is_left_of_a_server(tmp_path: Path, how: signal.Signals, heard: bool) -> None:
    server = started((), tmp_path / "log")
    with server.process as process, contextlib.ExitStack() as end:
        end.callback(process.kill)
        if not heard and process.stdout is not None:
            process.stdout.close()  # as of `jacoscope serve | head`
        assert server.get().status == 200
        family = _family(server)
        process.send_signal(how)
        _, alive = psutil.wait_procs(family, timeout=LEFT_S)
        assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
        assert process.wait(LEFT_S) == (-how if how is signal.SIGKILL else 0)
    assert "Traceback" not in server.log.read_text()


def _family(server: Served) -> list[psutil.Process]:
    """Return what a server has started, once its workers are there."""
    root = psutil.Process(server.process.pid)
    end = time.monotonic() + 60
    while len(family := root.children(recursive=True)) < 3:  # the launcher, and a worker a lane
        assert time.monotonic() < end, family
        time.sleep(0.1)
    return family
