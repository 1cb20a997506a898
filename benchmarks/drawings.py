"""Drawings of a Jacobian, timed: the first on a page, the next ones, a large one, pass by pass."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

from playwright.sync_api import Browser, Locator

from serving import IMAGES
from visits import PATIENCE_MS, Row, choose, opened, until_redrawn, with_controls

SECONDS_PLAYED = 3.0
# Counts the arrivals of data that were painted while a player plays.
PAINTED = f"""
async (seconds) => {{
  const known = ({IMAGES})([]).map((each) => each.serial);
  const end = performance.now() + 1000 * seconds;
  let count = 0;
  while (performance.now() < end) {{
    await new Promise(requestAnimationFrame);
    for (const each of ({IMAGES})(known)) {{
      if (!each.painted) continue;
      known.push(each.serial);
      count += 1;
    }}
  }}
  return count;
}}
"""

# A picture that came with the page is drawn when the browser says that it was on the screen.
SEEN = """
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.seen ||= each.identifier === "preview"
}).observe({type: "element", buffered: true})
"""


def first_drawings(browser: Browser, ours: str, bare: str, peer: str, rounds: int) -> list[Row]:
    """Open each page once to warm its server, then in turns."""
    unseen = iter(range(5, 5 + 2 * rounds + 2))
    cases: dict[str, Callable[[], float]] = {
        "bare": lambda: _first_drawing(browser, bare),
        "peer": lambda: _first_drawing(browser, peer),
        "still": lambda: _first_sight(browser, ours),
        "ours": lambda: _first_drawing(browser, ours),
        "unseen": lambda: _first_drawing(browser, f"{ours}?batch={next(unseen)}"),
    }
    samples: dict[str, list[float]] = {name: [] for name in cases}
    names = list(cases)
    _first_drawing(browser, ours)
    for turn in range(rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            seconds = cases[name]()
            if turn:
                samples[name].append(seconds)
    bare_s, peer_s = (statistics.median(samples[name]) for name in ("bare", "peer"))
    limit_s = 1.2 * bare_s
    return [
        Row("first drawing: bare panel-material-ui page, static image", samples["bare"]),
        Row("first drawing: hvplot.explorer", samples["peer"]),
        Row("first drawing: our page, in HTML", samples["still"], min(limit_s, peer_s)),
        Row("first drawing: our page, by its scripts", samples["ours"], limit_s),
        Row("first drawing: our page, batch size never asked before", samples["unseen"], limit_s),
    ]


def redrawings(browser: Browser, ours: str, peer: str, rounds: int) -> list[Row]:
    """Change mode and batch size on our page, and the colors on the peer's, in turns."""
    modes, sizes, colors = [], [], []
    with opened(browser, ours) as page, opened(browser, peer) as other:
        with_controls(page)
        field = page.get_by_role("textbox", name="Batch size", exact=True)
        other.get_by_text("Colormapping", exact=True).click()
        maps = other.locator("select").filter(has=other.locator("option[value=RdBu_r]"))
        for turn in range(rounds + 1):
            mode = until_redrawn(page, choose(page, "Mode", ("Reverse", "Forward")[turn % 2]))
            page.get_by_role("listbox").wait_for(state="detached")
            field.fill(str(40 + turn))
            size = until_redrawn(page, lambda: field.press("Enter"))
            there = until_redrawn(other, partial(_pick, maps, ("PiYG", "RdBu_r")[turn % 2]))
            if turn:
                modes.append(mode)
                sizes.append(size)
                colors.append(there)
    limit_s = min(0.3, statistics.median(colors))
    return [
        Row("redrawing: hvplot.explorer, after a change of colors", colors),
        Row("redrawing: after a change of mode", modes, limit_s),
        Row("redrawing: after a change of batch size", sizes, limit_s),
    ]


def large_drawings(browser: Browser, ours: str, rounds: int) -> list[Row]:
    """Go between two modes of a matrix of 1000², both of them computed before."""
    samples = []
    with opened(browser, f"{ours}?problem=square_mlp&width=1000") as page:
        with_controls(page)
        for turn in range(rounds + 2):
            mode = choose(page, "Mode", ("Reverse", "Forward")[turn % 2])
            seconds = until_redrawn(page, mode)
            page.get_by_role("listbox").wait_for(state="detached")
            if turn >= 2:
                samples.append(seconds)
    return [Row("redrawing: 1000 × 1000, computed before", samples, 1.5)]


def passes_played(browser: Browser, ours: str, rounds: int) -> list[Row]:
    """Play a build of 60 passes, and count what is painted."""
    samples = []
    with opened(browser, f"{ours}?batch=60&mode=reverse") as page:
        with_controls(page)
        play = page.get_by_role("button", name="Play", exact=True)
        for _ in range(rounds):
            play.click()
            count = page.evaluate(PAINTED, SECONDS_PLAYED)
            samples.append(SECONDS_PLAYED / max(count, 1))
            page.wait_for_timeout(4_000)  # it has come to its end
    return [Row("player: seconds a pass, 60 passes of a 60 × 3 matrix", samples, 0.1)]


def _first_drawing(browser: Browser, address: str) -> float:
    """Return seconds from asking for the address to an image painted."""
    start = time.perf_counter()
    with opened(browser, address):
        return time.perf_counter() - start


def _first_sight(browser: Browser, address: str) -> float:
    """Return seconds from asking for the address to the picture in its HTML being painted."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(SEEN)
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function("() => window.seen", polling="raf", timeout=PATIENCE_MS)
    seconds = time.perf_counter() - start
    context.close()
    return seconds


def _pick(menu: Locator, option: str) -> None:
    menu.select_option(option)
