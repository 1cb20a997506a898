"""Start a server, prove that its page works in a browser, stop the server.

    python .ci/smoke.py 'jacoscope serve'

The command is run by a shell as it stands, in the working directory, and the first address that
it prints is opened. A server built on Panel answers 200 even when the page's script failed, so
what counts is the content: the title, then an image painted inside a figure in Chromium, with no
console error and no request to another host. Without Chromium only the title is looked at, and
the last line says so; where CI=true that is a failure.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from serving import DRAWN, ServerError, chromium, find_chromium, server


class SmokeError(Exception):
    """The page does not work; the text says how."""


def check_title(address: str, title: str, patience_s: float) -> None:
    """Fetch the page until it answers and see that it is ours."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(address, timeout=patience_s) as answer:
                text = answer.read().decode()
            break
        except (urllib.error.URLError, ConnectionError) as error:
            if time.monotonic() > deadline:
                raise SmokeError(f"{address} did not answer: {error}") from error
            time.sleep(0.2)
    found = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    if found is None or title not in found.group(1):
        raise SmokeError(f"the title is {found and found.group(1).strip()!r}, not {title!r}")


def check_figure(address: str, patience_s: float) -> float:
    """Open the page in Chromium; return the seconds until an image was painted."""
    from playwright.sync_api import Error

    host, wrong = urlparse(address).hostname, list[str]()

    def look_at(url: str) -> None:
        parts = urlparse(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != host:
            wrong.append(f"request to another host: {url}")

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: look_at(request.url))
        page.on("websocket", lambda socket: look_at(socket.url))
        start = time.perf_counter()
        page.goto(address)
        try:
            page.wait_for_function(DRAWN, polling=50, timeout=patience_s * 1000)
        except Error as error:
            picture = Path(tempfile.gettempdir(), "jacoscope-smoke.png")
            page.screenshot(path=picture)
            said = "; ".join(wrong) or "no console error"
            raise SmokeError(
                f"no image within {patience_s:.0f} s: {said}; screenshot {picture}"
            ) from error
        seconds = time.perf_counter() - start
    if wrong:
        raise SmokeError("; ".join(wrong))
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", help="what starts the server, for a shell")
    parser.add_argument("--title", default="Jacoscope")
    parser.add_argument("--start", type=float, default=60, help="seconds until an address")
    parser.add_argument("--patience", type=float, default=60, help="seconds until an image")
    args = parser.parse_args()

    try:
        with server(args.command, args.start, echo=True) as address:
            check_title(address, args.title, args.patience)
            if find_chromium() is None:
                if os.environ.get("CI") == "true":
                    raise SmokeError("CI needs Chromium, and there is none on PATH")
                print(f"smoke: {address} answers as {args.title!r}; no Chromium, nothing seen")
                return 0
            seconds = check_figure(address, args.patience)
    except (SmokeError, ServerError) as error:
        print(f"smoke: FAILED: {error}")
        return 1
    print(f"smoke: {address} answers as {args.title!r}; first image after {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
