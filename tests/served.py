"""`jacoscope serve` as a process of its own, and a client that says what it likes."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).parents[1]


@dataclass
class Answer:
    """What a server answers to a request."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Served:
    """A server that is up."""

    process: subprocess.Popen[str]
    port: int
    said: str
    log: Path

    def get(self, path: str = "/", **headers: str) -> Answer:
        """Ask for a page."""
        with closing(HTTPConnection("localhost", self.port, timeout=60)) as connection:
            connection.request("GET", path, headers=headers)
            with closing(connection.getresponse()) as answer:
                opened = answer.status == 101  # a websocket goes on
                text = "" if opened else answer.read().decode()
                return Answer(answer.status, dict(answer.headers), text)

    def logged(self, since: int) -> str:
        """Return what was logged since then, up to a request of its own: the log comes late."""
        last = f"/nothing-{uuid4().hex}"
        assert self.get(last).status == 404
        end = time.monotonic() + 60
        while last not in (log := self.log.read_text()[since:]):
            assert time.monotonic() < end, log
            time.sleep(0.01)
        return log

    def token(self) -> str:
        """Open a page, and return what its websocket has to show."""
        found = re.search(r'"token":"([^"]+)"', self.get().text)
        assert found is not None
        return found[1]

    def socket(self, origin: str | None, token: str | None = None, host: str = "") -> int:
        """Ask for the websocket of a page, as one of `origin` would, and return the status."""
        return self.get("/ws", **self._of_socket(origin, token, host)).status

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Open a page and its websocket, and give the connection."""
        with closing(HTTPConnection("localhost", self.port, timeout=60)) as connection:
            headers = self._of_socket(f"http://localhost:{self.port}", None, "")
            connection.request("GET", "/ws", headers=headers)
            assert connection.getresponse().status == 101
            yield connection.sock

    def _of_socket(self, origin: str | None, token: str | None, host: str) -> dict[str, str]:
        headers = {
            "Host": host or f"localhost:{self.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol": f"bokeh, {self.token() if token is None else token}",
        }
        if origin is not None:
            headers["Origin"] = origin.format(port=self.port)
        return headers


def started(options: tuple[str, ...], log: Path) -> Served:
    """Start a server at a free port, and return it when it is up."""
    path = os.pathsep.join([str(ROOT / "core"), str(ROOT / "dashboard")])
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "jacoscope_dashboard._cli", "serve", "--port", "0", *options],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    said = ""
    while "  Code that is typed" not in said:
        line = process.stdout.readline()
        assert line, log.read_text()
        said += line
    port = re.search(r"Jacoscope is at http://\S+:([0-9]+)", said)
    assert port is not None
    return Served(process, int(port[1]), said, log)
