"""Visits to a page: opened in a browser context of its own, driven, and timed until it is painted.

Shared by the parts of page_speed.py.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

from serving import DRAWN, IMAGES

PATIENCE_MS = 60_000
TWO_FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


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


def with_controls(page: Page) -> Page:
    """Wait for the drawer, which comes after the picture."""
    page.get_by_role("button", name="Run", exact=True).wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(1_000)
    return page


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
