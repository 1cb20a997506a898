"""Servers with different options, each started once, and nginx in front of some."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from tests.served import ROOT, Served, started

Serving = Callable[..., Served]
NAME = "plots.example.org"
PASSWORD = "correct horse"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
BARE = """server {{ listen 127.0.0.1:{0}; location / {{ proxy_pass http://127.0.0.1:{1};
proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection upgrade; }} }}"""


@dataclass
class Proxied(Served):
    """What is served, as it looks through the proxy."""

    secure: bool = True

    def connection(self) -> HTTPConnection:
        if not self.secure:
            return HTTPConnection("localhost", self.port, timeout=60)
        trusting = ssl.create_default_context()
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        return HTTPSConnection("localhost", self.port, timeout=60, context=trusting)


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Starts `jacoscope serve` with options; one server for each set of them."""
    there: dict[tuple[str, ...], Served] = {}

    def serving(*options: str) -> Served:
        if options not in there:
            there[options] = started(options, tmp_path_factory.mktemp("server") / "log")
        return there[options]

    yield serving
    for each in there.values():
        each.process.terminate()
    for each in there.values():
        each.process.communicate(timeout=60)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for all of nginx's files."""
    made = tmp_path_factory.mktemp("nginx")
    (made / "users.json").write_text(json.dumps({"ann": PASSWORD}))
    return made


@pytest.fixture(scope="session")
def servers(serving: Serving, folder: Path) -> list[Served]:
    """Two that ask for a login, and differ in an option, so that each is its own."""
    login = ("--basic-auth", str(folder / "users.json"), "--origin", NAME)
    return [serving(*login, "--visits", each) for each in ("50", "51")]


@pytest.fixture(scope="session")
def proxied(servers: list[Served], serving: Serving, folder: Path) -> Iterator[tuple[Proxied, ...]]:
    """The two behind the configuration of the docs, and one with a key behind the barest one."""
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        why = "There is no nginx, or no openssl: apt-get install nginx openssl."
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(why, pytrace=False)
        pytest.skip(why)
    keyed = serving()
    tls, bare = free_port(), free_port()
    certify(folder)
    text = (ROOT / "docs" / "nginx.conf").read_text()
    ours = {
        "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        "127.0.0.1:5006": f"127.0.0.1:{servers[0].port}",
        "127.0.0.1:5007": f"127.0.0.1:{servers[1].port}",
        f"/etc/ssl/certs/{NAME}.pem": str(folder / "cert.pem"),
        f"/etc/ssl/private/{NAME}.key": str(folder / "key.pem"),
    }
    for theirs, each in ours.items():
        assert theirs in text
        text = text.replace(theirs, each)
    config = folder / "nginx.conf"
    temporary = " ".join(f"{each}_temp_path {folder}/{each};" for each in TEMPORARY)
    config.write_text(
        f"pid {folder}/pid; daemon off; error_log stderr;\nevents {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n{BARE.format(bare, keyed.port)}\n}}"
    )
    command = ["nginx", "-p", str(folder), "-c", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for(tls, process)
    log = folder / "none"
    yield (
        Proxied(process, tls, "", log),
        Proxied(process, bare, keyed.said, keyed.log, secure=False),
    )
    process.terminate()
    process.communicate(timeout=30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def certify(folder: Path) -> None:
    """Make a certificate that its own key has signed."""
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subject = ["-subj", f"/CN={NAME}", "-days", "2"]
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    subprocess.run([*new, *made, *subject], check=True, capture_output=True, timeout=60)


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx does not answer.")
