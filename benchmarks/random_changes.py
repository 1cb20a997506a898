"""The page under random changes of its controls: does it end where its address says?

    python benchmarks/random_changes.py [--changes 200 | --minutes 10] [--seed 0]

A browser chooses problems, types sizes, changes modes, quantities and chunk sizes, goes from tab to
tab and from light to dark, at random and without waiting for what comes of it. With `--minutes` it
goes on for that long, and also clicks anywhere, presses any keys, begins comparisons, cancels some,
and makes its window narrow. Prints what was
changed; exits 1 where the console has an error, something is still under way after a minute, or
the page differs from one that is freshly opened at the same address.
"""

from __future__ import annotations

import argparse
import difflib
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from playwright import sync_api as playwright

from jacoscope.problems import families
from serving import chromium, free_port, server

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = (1280, 900)
KEYS = (
    "Tab",
    "Shift+Tab",
    "Enter",
    "Space",
    "Escape",
    "ArrowDown",
    "ArrowLeft",
    "7",
    "x",
    "Delete",
)
MOMENT_MS = 3_000
PATIENCE_MS = 60_000
PAUSES_MS = (0, 20, 80, 300)
SIZES = ("1", "2", "3", "5", "8", "13", "24", "40")
JUNK = ("0", "²", "-3", "1e9", "x", "")
LIMITS = ("", "1MB", "2GB", "lots")
SELECTS = {
    "Mode": ("Auto", "Forward", "Reverse"),
    "Order": ("Forward over reverse", "Reverse over forward", "Full Hessian"),
    "Batching": ("Auto", "Loop", "Map", "Vmap", "Chunked", "Colored"),
    "Quantity": ("Jacobian", "Hessian", "HVP", "JMP", "MJP"),
    "dtype": ("float32", "float64"),
}
TABS = ("Jacobian", "Products", "Compare", "Scaling", "Inside", "Lessons", "Code")
SEEN, IN_FRONT = ".subject, .advice", ".count, .alert"
MEASURED, ESTIMATED = "measured here", "estimated, not timed"
HERE = Path(__file__).parent


class Visitor:
    """Someone who changes one thing after the other."""

    def __init__(self, page: Page, draws: random.Random) -> None:
        self.page, self._draws = page, draws
        self.done: Counter[str] = Counter()
        self._ways: tuple[Callable[[], None], ...] = (
            self.problem,
            self.size,
            self.select,
            self.text,
            self.tab,
            self.theme,
        )
        self._weights = (2, 5, 5, 3, 3, 1)

    def grow_wild(self) -> None:
        """Do more than change controls from here on."""
        self._ways += (self.click, self.keys, self.run, self.cancel, self.window)
        self._weights += (6, 4, 2, 1, 1)

    def change(self) -> None:
        """Change something, and wait for no more than a moment."""
        way = self._draws.choices(self._ways, weights=self._weights)[0]
        try:
            way()
            self.done[way.__name__] += 1
        except playwright.TimeoutError:  # the page has taken it away meanwhile
            self.done["gone meanwhile"] += 1
            self.page.keyboard.press("Escape")
        self.page.wait_for_timeout(self._draws.choice(PAUSES_MS))

    def problem(self) -> None:
        """Choose another problem."""
        self._choose("Problem", self._draws.choice(families()).title)

    def size(self) -> None:
        """Type into a field of the drawer that is there: a size, or now and then junk."""
        field = self.page.get_by_role("textbox").nth(self._draws.randrange(3))
        words = SIZES if self._draws.random() < 0.85 else JUNK
        field.fill(self._draws.choice(words))
        field.press("Enter")

    def select(self) -> None:
        """Choose from a list that is there."""
        label = self._draws.choice(list(SELECTS))
        self._choose(label, self._draws.choice(SELECTS[label]))

    def text(self) -> None:
        """Type a chunk size, a number of vectors, or a limit."""
        label = self._draws.choice(("Chunk size", "Vectors", "Memory limit"))
        words = LIMITS if label == "Memory limit" else (*SIZES, "")
        field = self.page.get_by_role("textbox", name=label, exact=True)
        if field.count():
            field.fill(self._draws.choice(words))
            field.press("Enter")

    def tab(self) -> None:
        """Go to another tab."""
        self.page.get_by_role("tab", name=self._draws.choice(TABS), exact=True).click()

    def theme(self) -> None:
        """Go from light to dark, or back."""
        self.page.get_by_role("button", name="Toggle theme").click()

    def click(self) -> None:
        """Click somewhere, once or twice, or drag from there."""
        x, y = (self._draws.randrange(each) for each in SIZE)
        match self._draws.randrange(4):
            case 0:
                self.page.mouse.dblclick(x, y)
            case 1:
                self.page.mouse.move(x, y)
                self.page.mouse.down()
                self.page.mouse.move(x + self._draws.randrange(-90, 90), y + 20)
                self.page.mouse.up()
            case _:
                self.page.mouse.click(x, y)

    def keys(self) -> None:
        """Press some keys, wherever they go."""
        for _ in range(self._draws.randrange(1, 6)):
            self.page.keyboard.press(self._draws.choice(KEYS))

    def run(self) -> None:
        """Begin a comparison."""
        self.page.get_by_role("button", name="Run", exact=True).click()

    def cancel(self) -> None:
        """Cancel it."""
        self.page.get_by_role("button", name="Cancel", exact=True).click()

    def window(self) -> None:
        """Make the window narrow, or wide again."""
        width, height = SIZE
        self.page.set_viewport_size({"width": self._draws.choice((600, width)), "height": height})

    def _choose(self, label: str, option: str) -> None:
        box = self.page.get_by_role("combobox", name=label, exact=True)
        if not box.count() or not box.is_visible():
            return
        box.click()
        self.page.get_by_role("listbox").get_by_text(option, exact=True).click()


def settle(page: Page) -> bool:
    """Wait until nothing is under way; whether that came to pass."""
    for _ in range(PATIENCE_MS // 500):
        page.wait_for_timeout(500)
        busy = page.locator("[role=progressbar]").count()
        cancel = page.get_by_role("button", name="Cancel", exact=True)
        if not busy and cancel.is_disabled():
            page.wait_for_timeout(3_000)  # what is advised comes a moment later
            if cancel.is_disabled():
                return True
    return False


def look(page: Page) -> list[str]:
    """What the page says of its settings, its matrix and what is advised.

    What a comparison found is no part of it, as the address does not bring it back: it is behind
    another tab, and in the advice.
    """
    page.get_by_role("tab", name="Jacobian", exact=True).click()
    settle(page)
    front = page.get_by_role("tabpanel")
    places = page.locator(SEEN), front.locator(IN_FRONT), page.get_by_role("alert")
    seen = [each for place in places for each in place.all() if each.is_visible()]
    said = [text for each in seen if (text := each.inner_text()).strip()]
    for label in SELECTS:
        box = page.get_by_role("combobox", name=label, exact=True)
        if box.count() and box.is_visible():
            said.append(f"{label}: {box.inner_text()}")
    return said


def advises(text: str) -> bool:
    """Whether it is the advice that is said."""
    return MEASURED in text or ESTIMATED in text


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--changes", type=int, default=200)
    length.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    command = (
        f"'{sys.executable}' -m jacoscope_dashboard._cli serve --port {free_port()} --cpu-devices 2"
    )
    short: list[str] = []
    with server(command) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.on("console", lambda m: short.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: short.append(str(error)))
        open_page(page, address)
        page.set_default_timeout(MOMENT_MS)
        visitor = Visitor(page, random.Random(args.seed))
        if args.minutes is None:
            for _ in range(args.changes):
                visitor.change()
        else:
            visitor.grow_wild()
            end = time.monotonic() + 60 * args.minutes
            while time.monotonic() < end:
                visitor.change()
        page.keyboard.press("Escape")
        page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
        page.set_default_timeout(PATIENCE_MS)
        drawer = page.get_by_role("button", name="Open drawer")
        if drawer.count():
            drawer.click()
        print(f"seed {args.seed}: {dict(visitor.done)}")
        if not settle(page):
            bars = page.locator("[role=progressbar]").all()
            said = [f"{bar.inner_text()} (seen: {bar.is_visible()})" for bar in bars]
            short.append(f"something is still under way: {said}")
        there = look(page)
        print(f"it ends at {page.url}")
        fresh = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        open_page(fresh, page.url)
        anew = look(fresh)
        if any(MEASURED in each for each in there):
            there, anew = ([each for each in said if not advises(each)] for said in (there, anew))
        short += [
            line
            for line in difflib.unified_diff(anew, there, "fresh", "after", n=0, lineterm="")
            if line.strip()
        ]
    for each in short:
        print(f"FALLS SHORT  {each}")
    return 1 if short else 0


def open_page(page: Page, url: str) -> None:
    """Open the page with all its controls."""
    page.goto(url)
    page.get_by_role("button", name="Run", exact=True).wait_for()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("combobox", name="Quantity", exact=True).wait_for()


if __name__ == "__main__":
    sys.exit(main())
