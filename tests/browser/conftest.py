"""A server of its own, a Chromium, and a page that remembers what went wrong in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ARGUMENTS = ["serve", "--port", "0", "--cpu-devices", "2"]
PATIENCE_MS = 240_000  # a machine that does much else is slow; how fast we are is benchmarked
ENOUGH = "time_limit=600"  # seconds, in which a comparison ends on such a machine, too
SHOWN = ":is(.bk-Figure, .card):visible"
# Of what a browser logs of itself, and not of the page.
HARMLESS = ("favicon",)


def _chromium() -> str | None:
    return (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )


def _give_up(reason: str) -> None:
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium, until the last test of this folder: Playwright runs a loop, and so do others."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _give_up("Playwright is not installed: pip install 'jacoscope[test]'.")
        return
    path = _chromium()
    if path is None:
        _give_up("There is no Chromium: apt-get install chromium, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Server:
    """A server's address, its link to the editor, and the file that it writes its log to."""

    address: str
    own: str
    log: Path


@pytest.fixture(scope="package")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`jacoscope serve`, with two devices."""
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root / "core"), str(root / "dashboard")])
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "jacoscope_dashboard._cli", *ARGUMENTS],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    assert all("http" in line for line in lines), log.read_text()
    address, own = (line.split()[-1] for line in lines)
    yield Server(address, own, log)
    process.terminate()
    process.wait(20)
    process.stdout.close()


@dataclass
class Visit:
    """A page that is open, with all its console errors and requests to other hosts."""

    page: Any
    server: Server
    wrong: list[str] = field(default_factory=list)

    def open(self, query: str = "") -> None:
        self.go_to(f"{self.server.address}/{query}")

    def open_own(self) -> None:
        """Open the page by the link for one's own functions."""
        self.go_to(self.server.own)

    def listen(self) -> None:
        """Remember from here on what goes wrong."""
        host = urlparse(self.server.address).hostname

        def asked(request: Any) -> None:
            url = urlparse(request.url)
            if url.scheme in ("http", "https", "ws", "wss") and url.hostname != host:
                self.wrong.append(f"outside: {request.url}")

        self.page.on("console", self._logged)
        self.page.on("pageerror", lambda error: self.wrong.append(f"page: {error}"))
        self.page.on("request", asked)

    def go_to(self, address: str) -> None:
        self.listen()
        self.page.goto(address)
        try:
            self.page.wait_for_selector(SHOWN, timeout=PATIENCE_MS)
        except Exception as error:
            shown = self.page.locator(".subject, .empty, .alert").all_inner_texts()
            log = self.server.log.read_text()
            error.add_note(f"The page says: {shown}\nWrong in it: {self.wrong}\nLog: {log}")
            raise
        # The controls come after the picture; on a narrow window the drawer then closes.
        run = self.page.get_by_role("button", name="Run", exact=True)
        run.or_(self.page.get_by_role("button", name="Open drawer")).first.wait_for()

    def _logged(self, message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in HARMLESS):
            self.wrong.append(f"console: {message.text}")

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_role("combobox", name=label, exact=True).click()
        # panel-material-ui gives the options of a select the role of a menu's items.
        menu = self.page.get_by_role("listbox")
        menu.get_by_text(option, exact=True).click()

    def type(self, label: str, text: str) -> None:
        field = self.page.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Enter")

    def compare(self) -> None:
        """Press Run, and wait until the comparison has ended."""
        run = self.page.get_by_role("button", name="Run", exact=True)
        run.click()
        for disabled in (True, False):
            run.and_(self.page.get_by_role("button", disabled=disabled)).wait_for()

    def says(self, text: str | re.Pattern[str]) -> None:
        self.page.get_by_text(text).filter(visible=True).first.wait_for()

    def verdict(self) -> str:
        """What the tab in front says of a comparison, once that has ended."""
        said = self.page.get_by_text(re.compile("is fastest$|^A tie$|Too small to tell"))
        return said.filter(visible=True).first.inner_text()


@pytest.fixture
def visit(browser: Any, server: Server) -> Iterator[Visit]:
    """A visitor with a window of 1280 × 800; at the end nothing may have gone wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    visit = Visit(context.new_page(), server)
    visit.page.set_default_timeout(PATIENCE_MS)
    yield visit
    context.close()
    assert visit.wrong == []
