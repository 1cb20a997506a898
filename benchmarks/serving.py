"""Pages, served and watched: start a server, open its page in Chromium, tell when it is drawn.

Shared by the benchmarks and by CI's smoke test.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ADDRESS = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\]):\d+[^\s'\"]*")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What each figure with an image shows: a number that tells one arrival of data from the next, and
# whether colors (not only the grays of axes and grid) are painted inside its frame. Data that has
# arrived but isn't painted doesn't count, nor does a color bar beside an empty frame. Pixels are
# read only for data that isn't among the known, since reading takes time.
IMAGES = """
(known) => {
  if (!window.Bokeh?.index?.query) return [];
  const serials = window.seenSerials ??= new WeakMap();
  const serialOf = (data) => {
    if (!serials.has(data)) serials.set(data, window.lastSerial = (window.lastSerial ?? 0) + 1);
    return serials.get(data);
  };
  const colored = (view) => {
    const canvas = view.canvas_view?.primary?.canvas;
    if (!canvas?.width) return 0;
    const box = view.frame.bbox;
    const ratio = canvas.width / canvas.getBoundingClientRect().width;
    const [left, width] = [box.x0 * ratio, (box.x1 - box.x0) * ratio];
    if (!(width >= 1)) return 0;
    let count = 0;
    for (let strip = 0.5; strip < 16; strip++) {
      const top = (box.y0 + (box.y1 - box.y0) * strip / 16) * ratio;
      const pixels = canvas.getContext("2d").getImageData(left, top, width, 1).data;
      for (let i = 0; i < pixels.length; i += 4) {
        const [r, g, b] = [pixels[i], pixels[i + 1], pixels[i + 2]];
        if (pixels[i + 3] && Math.max(r, g, b) - Math.min(r, g, b) > 24) count++;
      }
    }
    return count;
  };
  const seen = [];
  for (const view of Bokeh.index.query((each) => each.model.type === "Figure")) {
    const found = view.model.renderers.filter((each) => each.glyph?.type === "Image");
    const data = found.map((each) => each.data_source.data.image?.[0]).find((each) => each?.length);
    if (!data) continue;
    const serial = serialOf(data);
    seen.push({serial, painted: !known.includes(serial) && colored(view) >= 32});
  }
  return seen;
}
""".strip()
DRAWN = f"(known) => ({IMAGES})(known ?? []).some((each) => each.painted)"


class ServerError(Exception):
    """The server did not start; the text says how."""


def find_chromium() -> str | None:
    """Return the path of Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def free_port() -> int:
    """Return a port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(command: str, patience_s: float = 60.0, echo: bool = False) -> Iterator[str]:
    """Run a shell command that starts a server; yield its address; end it and its children.

    Args:
        command: For bash, as it stands.
        patience_s: Seconds until an address has to be printed.
        echo: Whether what the command prints is passed on.

    Yields:
        The first address on loopback that the command prints.

    Raises:
        ServerError: The command ended, or printed no address in time.
    """
    process = subprocess.Popen(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    lines: list[str] = []
    address: list[str] = []

    def follow() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if echo:
                print(f"    | {line}", end="")
            if not address and (match := ADDRESS.search(line)):
                address.append(match.group())

    threading.Thread(target=follow, daemon=True).start()
    try:
        deadline = time.monotonic() + patience_s
        while not address:
            if process.poll() is not None or time.monotonic() > deadline:
                said = "".join(lines[-20:])
                raise ServerError(f"No address within {patience_s:.0f} s from {command}\n{said}")
            time.sleep(0.1)
        yield address[0]
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str], grace_s: float = 10.0) -> None:
    """Interrupt the process group as Ctrl-C does, then kill what is left of it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(grace_s)


def _without_privilege() -> None:
    """Take back the priority that Chromium gives itself where root starts it, and no user has."""
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "chrom" in each.name() and each.nice() < 0:
                each.nice(0)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Yield headless Chromium, or raise FileNotFoundError where there is none."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        raise FileNotFoundError("There is no Chromium on PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        _without_privilege()
        yield browser
        browser.close()
