"""How fast the page is: first drawing, redrawing, and its answer to clicks during a comparison.

    python benchmarks/page_speed.py

Medians of ten. The servers are warm and each first drawing has a fresh browser context, so nothing
comes from a cache of the browser. Our page, our page at a batch size that nobody asked for before,
and the yardstick (bare_page.py, panel-material-ui's page around one static image) are opened in
turns in the same run. Drawn means painted: the pixels inside the figure's frame are looked at.
Exits 1 where a figure is above what is asked.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import Browser, Error, Page

from serving import DRAWN, IMAGES, chromium, free_port, server

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PATIENCE_MS = 60_000
PARTS = ("first", "redraw", "clicks")
TWO_FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
TABS = {
    "Jacobian": "() => !location.search.includes('tab=')",
    "Compare": "() => location.search.includes('tab=compare')",
}


@dataclass(frozen=True)
class Row:
    """One line of the table: what was timed, its samples, and what is asked of their median."""

    title: str
    samples_s: list[float]
    at_most_s: float | None = None

    @property
    def median_s(self) -> float:
        """Seconds."""
        return statistics.median(self.samples_s)

    @property
    def ok(self) -> bool:
        """Whether the median is what is asked."""
        return self.at_most_s is None or self.median_s <= self.at_most_s

    def __str__(self) -> str:
        spread = f"{min(self.samples_s):6.2f} – {max(self.samples_s):5.2f}"
        asked = "" if self.at_most_s is None else f"≤ {self.at_most_s:.2f}"
        note = "" if self.ok else "  FALLS SHORT"
        return f"{self.title:58} {self.median_s:7.2f}  {spread}  {asked:>7}{note}"


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """Yield the page in a context of its own, once an image is painted in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address, wait_until="commit")
    try:
        page.wait_for_function(DRAWN, polling="raf", timeout=PATIENCE_MS)
    except Error:
        picture = Path(tempfile.gettempdir(), "jacoscope-page-speed.png")
        page.screenshot(path=picture)
        print(f"No image at {address}; screenshot {picture}")
        raise
    yield page
    context.close()


def first_drawing(browser: Browser, address: str) -> float:
    """Return seconds from asking for the address to an image painted."""
    start = time.perf_counter()
    with opened(browser, address):
        return time.perf_counter() - start


def first_drawings(browser: Browser, ours: str, bare: str, rounds: int) -> list[Row]:
    """Open each page once to warm its server, then in turns."""
    unseen = iter(range(5, 5 + 2 * rounds + 2))
    cases: dict[str, Callable[[], str]] = {
        "bare": lambda: bare,
        "ours": lambda: ours,
        "unseen": lambda: f"{ours}?batch={next(unseen)}",
    }
    samples: dict[str, list[float]] = {name: [] for name in cases}
    names = list(cases)
    for turn in range(rounds + 1):
        for name in names[turn % 3 :] + names[: turn % 3]:
            seconds = first_drawing(browser, cases[name]())
            if turn:
                samples[name].append(seconds)
    limit = 1.5 * statistics.median(samples["bare"])
    return [
        Row("first drawing: bare panel-material-ui page, static image", samples["bare"]),
        Row("first drawing: our page, first Jacobian", samples["ours"], limit),
        Row("first drawing: our page, batch size never asked before", samples["unseen"], limit),
    ]


def until_redrawn(page: Page, change: Callable[[], None]) -> float:
    """Return seconds from a change to new data painted, two frames after it arrived."""
    known = [each["serial"] for each in page.evaluate(IMAGES, [])]
    start = time.perf_counter()
    change()
    page.wait_for_function(DRAWN, arg=known, polling="raf", timeout=PATIENCE_MS)
    page.evaluate(TWO_FRAMES)
    return time.perf_counter() - start


def choose(page: Page, label: str, option: str) -> Callable[[], None]:
    """Open a menu, and return the click on one of its options."""
    page.get_by_role("combobox", name=label, exact=True).click()
    target = page.get_by_role("listbox").get_by_text(option, exact=True)
    target.wait_for()
    page.wait_for_timeout(400)  # the menu's opening is no part of redrawing
    return target.click


def redrawings(browser: Browser, ours: str, rounds: int) -> list[Row]:
    """Change mode and batch size, in turns, on one page."""
    modes, sizes = [], []
    with opened(browser, ours) as page:
        field = page.get_by_role("textbox", name="Batch size", exact=True)
        for turn in range(rounds + 1):
            mode = until_redrawn(page, choose(page, "Mode", ("Reverse", "Forward")[turn % 2]))
            page.get_by_role("listbox").wait_for(state="detached")
            field.fill(str(40 + turn))
            size = until_redrawn(page, lambda: field.press("Enter"))
            if turn:
                modes.append(mode)
                sizes.append(size)
    return [
        Row("redrawing: after a change of mode", modes, 0.5),
        Row("redrawing: after a change of batch size", sizes, 0.5),
    ]


def clicks_while_comparing(browser: Browser, ours: str, rounds: int) -> list[Row]:
    """Click from tab to tab while a comparison runs; the server's answer is the new URL."""
    samples: list[float] = []
    with opened(browser, f"{ours}?batch=512&features=128") as page:
        run = page.get_by_role("button", name="Run", exact=True)
        cancel = page.get_by_role("button", name="Cancel", exact=True)
        while len(samples) < rounds:
            if not cancel.is_enabled():
                run.click()
                page.wait_for_function(TABS["Compare"], polling="raf", timeout=PATIENCE_MS)
                page.wait_for_timeout(500)
            there = "Jacobian" if page.evaluate(TABS["Compare"]) else "Compare"
            start = time.perf_counter()
            page.get_by_role("tab", name=there, exact=True).click()
            page.wait_for_function(TABS[there], polling="raf", timeout=PATIENCE_MS)
            seconds = time.perf_counter() - start
            if cancel.is_enabled():  # the comparison was still running
                samples.append(seconds)
            page.wait_for_timeout(300)
        cancel.click()
    return [Row("a click's answer while a comparison runs", samples, 0.5)]


def main() -> int:
    parser = argparse.ArgumentParser(description="How fast the page is.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    args = parser.parse_args()

    serve = f"'{BIN / 'jacoscope'}' serve --port {free_port()}"
    panel = f"'{BIN / 'panel'}' serve '{HERE / 'bare_page.py'}' --port {free_port()}"
    rows: list[Row] = []
    with server(serve) as ours, server(panel) as bare, chromium() as browser:
        cores, version = os.cpu_count(), browser.version
        print(f"Chromium {version}, {cores} cores, {urlparse(ours).netloc}; seconds, medians of")
        print(f"{args.rounds}; smallest and largest beside them\n")
        if "first" in args.parts:
            rows += first_drawings(browser, ours, bare, args.rounds)
        if "redraw" in args.parts:
            rows += redrawings(browser, ours, args.rounds)
        if "clicks" in args.parts:
            rows += clicks_while_comparing(browser, ours, args.rounds)
    print(f"{'':58} {'median':>7}  {'min':>6} – {'max':>5}    asked")
    for row in rows:
        print(row)
    if "first" in args.parts:
        bare_s, ours_s, unseen_s = (row.median_s for row in rows[:3])
        print(f"\nagainst the bare page: {ours_s / bare_s:.2f}×, unseen {unseen_s / bare_s:.2f}×")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
