"""The launcher's door: whoever dies while knocking, the next worker is let in."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from multiprocessing.connection import Client, Listener
from typing import Any

import pytest

from jacoscope.run._launcher import _accept


@pytest.fixture
def door() -> Iterator[tuple[Any, bytes]]:
    """The address and the secret of a listener that workers knock at."""
    secret, closing = secrets.token_bytes(8), threading.Event()
    with Listener(authkey=secret) as listener:
        accepting = threading.Thread(target=_accept, args=(listener, {}, closing), daemon=True)
        accepting.start()
        yield listener.address, secret
        closing.set()
        with contextlib.suppress(Exception), knock(listener.address):
            pass  # so that it sees that it is over
    accepting.join(10)
    assert not accepting.is_alive()


def knock(address: Any) -> socket.socket:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    caller = socket.socket(family)
    caller.connect(address)
    return caller


@pytest.mark.skipif(os.name == "nt", reason="Windows has pipes in place of sockets")
def test_workers_that_die_while_they_knock_leave_the_door_open(door: tuple[Any, bytes]) -> None:
    address, secret = door
    for wait in (False, True) * 10:
        with knock(address) as caller:
            if wait:
                caller.recv(1)  # the challenge has begun
    with Client(address, authkey=secret) as worker:
        worker.send_bytes(b"x")
