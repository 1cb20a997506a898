"""`jacoscope serve` as a process of its own, and a client that says what it likes."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

ROOT = Path(__file__).parents[1]


@dataclass
class Answer:
    """What a server answers to a request."""

    status: int
    headers: Mapping[str, str]
    text: str
    cookies: tuple[str, ...] = ()

    def cookie(self, name: str) -> str:
        """Return a cookie that came along, as it is sent back."""
        return SimpleCookie("; ".join(self.cookies))[name].OutputString([])


@dataclass
class Served:
    """A server that is up."""

    process: subprocess.Popen[str]
    port: int
    said: str
    log: Path

    def connection(self) -> HTTPConnection:
        """Return a way to ask it."""
        return HTTPConnection("localhost", self.port, timeout=60)

    def get(self, path: str = "/", **headers: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, **headers)

    def ask(self, method: str, path: str, content: str = "", **headers: str) -> Answer:
        """Ask for something; a content is that of a form."""
        if content:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(self.connection()) as connection:
            connection.request(method, path, content or None, headers)
            with closing(connection.getresponse()) as answer:
                opened = answer.status == 101  # a websocket goes on
                text = "" if opened else answer.read().decode()
                cookies = tuple(answer.headers.get_all("Set-Cookie") or ())
                return Answer(answer.status, dict(answer.headers), text, cookies)

    def logged(self, since: int) -> str:
        """Return what was logged since then, up to a request of its own: the log comes late."""
        last = f"/nothing-{uuid4().hex}"
        assert self.get(last).status == 404
        end = time.monotonic() + 60
        while last not in (log := self.log.read_text()[since:]):
            assert time.monotonic() < end, log
            time.sleep(0.01)
        return log

    def log_in(self, name: str, password: str, further: str = "/", **headers: str) -> Answer:
        """Fill in the form."""
        form = self.get("/login", **headers)
        found = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
        assert found is not None
        cookies = "; ".join(filter(None, [headers.pop("Cookie", ""), form.cookie("_xsrf")]))
        given = {"username": name, "password": password, "next": further, "_xsrf": found[1]}
        return self.ask("POST", "/login", urlencode(given), Cookie=cookies, **headers)

    def token(self, **headers: str) -> str:
        """Open a page, and return what its websocket has to show."""
        found = re.search(r'"token":"([^"]+)"', self.get(**headers).text)
        assert found is not None
        return found[1]

    def socket(
        self, origin: str | None, token: str | None = None, host: str = "", **more: str
    ) -> int:
        """Ask for the websocket of a page, as one of `origin` would, and return the status."""
        headers = more | self._of_socket(origin, token, host)
        return self.get("/ws", **headers).status

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Open a page and its websocket, and give the connection."""
        with closing(self.connection()) as connection:
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


def started(
    options: tuple[str, ...], log: Path, run: tuple[str, ...] = ("-m", "jacoscope_dashboard._cli")
) -> Served:
    """Start a server at a free port, and return it when it is up.

    Args:
        options: Of `jacoscope serve`.
        log: Where its errors go.
        run: What Python runs, in place of the command: something that does the same, and more.
    """
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *run, "serve", "--port", "0", *options],
            env=checkout(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    said = heard(process, "  Code that is typed", log.read_text)
    port = re.search(r"Jacoscope is at http://\S+:([0-9]+)", said)
    assert port is not None
    return Served(process, int(port[1]), said, log)


def checkout() -> dict[str, str]:
    """Return the environment in which Python imports what is here, installed or not."""
    path = os.pathsep.join([str(ROOT / "core"), str(ROOT / "dashboard")])
    return {**os.environ, "PYTHONPATH": path}


def heard(process: subprocess.Popen[str], last: str, why: Callable[[], str]) -> str:
    """Return what a process says, up to the line that holds `last`; fail with `why` if it ends."""
    assert process.stdout is not None
    said = ""
    while last not in said:
        line = process.stdout.readline()
        assert line, why()
        said += line
    return said


@contextmanager
def under_panel_serve(log: Path) -> Iterator[Served]:
    """Serve the page by `panel serve dashboard/app.py`, as it is; it is at `/app`.

    Args:
        log: The file that it writes its log to.
    """
    path = os.pathsep.join([str(ROOT / "core"), str(ROOT / "dashboard")])
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("JACOSCOPE_ALLOW_CODE", None)
    app = str(ROOT / "dashboard" / "app.py")
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "panel", "serve", app, "--port", "0"],
            env=environment,
            stdout=errors,
            stderr=errors,
            text=True,
        )
    end = time.monotonic() + 120
    while (found := re.search(r"http://localhost:([0-9]+)/app", log.read_text())) is None:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    yield Served(process, int(found[1]), "", log)
    process.terminate()
    process.wait(60)
