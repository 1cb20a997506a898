"""How long the server's event loop is ever held up while a comparison runs.

    python benchmarks/event_loop.py [--rounds 3] [--parts alone clicks arrivals]

Starts the page's server with a watch on its loop (watched_server.py), opens the page in Chromium
and runs comparisons: left alone, with clicks from tab to tab, and while other visitors arrive.
A gap is the time by which a beat of the loop came late. Prints the longest of each, and the
functions that the gaps were spent in. Exits 1 where a gap while a comparison runs is above 250 ms;
where others arrive their pages are built meanwhile, which is told and not judged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from serving import DRAWN, chromium, free_port, server

HERE = Path(__file__).parent
PATIENCE_MS = 90_000
LIMIT_S = 0.25
WORTH_A_LINE_S = 0.1
MOST = 12
SIZES = "?batch=512&features=128"
ARRIVALS = "arrivals during a comparison"
PARTS = ("alone", "clicks", "arrivals")

Span = tuple[str, float, float]


@contextmanager
def visit(browser: Browser, address: str) -> Iterator[Page]:
    """Yield the page in a context of its own, once its matrix is painted."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_function(DRAWN, polling="raf", timeout=PATIENCE_MS)
    page.wait_for_timeout(500)
    yield page
    context.close()


class Spans:
    """What was done when, on the clock that both processes share."""

    def __init__(self) -> None:
        self.all: list[Span] = []

    @contextmanager
    def span(self, title: str) -> Iterator[None]:
        """Note what is done inside, and when."""
        begin = time.monotonic()
        yield
        self.all.append((title, begin, time.monotonic()))

    def of(self, gap: dict[str, Any]) -> set[str]:
        """Name the spans that a gap falls into."""
        end = gap["at"] + gap["gap_s"]
        return {title for title, a, b in self.all if gap["at"] < b and end > a}


def run_one(page: Page, meanwhile: Any = None) -> None:
    """Press Run and wait until the comparison has ended; do something meanwhile."""
    run = page.get_by_role("button", name="Run", exact=True)
    run.click()
    page.get_by_role("button", name="Run", exact=True, disabled=True).wait_for()
    while run.is_disabled():
        if meanwhile is not None:
            meanwhile()
        page.wait_for_timeout(200)


def click_around(page: Page) -> None:
    """Go from tab to tab."""
    for name in ("Jacobian", "Compare"):
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_timeout(400)


def one_round(browser: Browser, address: str, parts: Iterable[str], spans: Spans) -> None:
    """Run each kind of comparison once."""
    if "alone" in parts:
        with visit(browser, f"{address}?batch=5") as page, spans.span("comparison 5×3"):
            run_one(page)
        with visit(browser, address + SIZES) as page, spans.span("comparison 512×128"):
            run_one(page)
    if "clicks" in parts:
        with visit(browser, address + SIZES) as page, spans.span("comparison, clicks on tabs"):
            run_one(page, lambda: click_around(page))

    def arrive() -> None:
        with visit(browser, address):
            pass

    if "arrivals" in parts:
        with visit(browser, address + SIZES) as page, spans.span(ARRIVALS):
            run_one(page, arrive)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    given = parser.parse_args()
    spans = Spans()
    with tempfile.TemporaryDirectory() as folder:
        log, port = Path(folder, "gaps.jsonl"), free_port()
        command = f"'{sys.executable}' '{HERE / 'watched_server.py'}' {port} '{log}'"
        with server(command) as address, chromium() as browser:
            with spans.span("opening the page, the server's first"), visit(browser, address):
                pass
            with spans.span("opening the page"), visit(browser, address):
                pass
            for _ in range(given.rounds):
                one_round(browser, address, given.parts, spans)
        gaps = [json.loads(line) for line in log.read_text().splitlines()]
    return 0 if report(spans, gaps) else 1


def report(spans: Spans, gaps: list[dict[str, Any]]) -> bool:
    """Print what there was; say whether no comparison saw too long a gap."""
    fine = True
    print(f"{'while':38} {'longest':>9} {'> 100 ms':>9} {'> 250 ms':>9}")
    for title in dict.fromkeys(title for title, _, _ in spans.all):
        inside = [gap["gap_s"] for gap in gaps if title in spans.of(gap)]
        longest = max(inside, default=0.0)
        over = [sum(gap > limit for gap in inside) for limit in (WORTH_A_LINE_S, LIMIT_S)]
        short = title.startswith("comparison") and longest > LIMIT_S
        fine &= not short
        shown = f"{1e3 * longest:6.0f} ms" if inside else "  < 50 ms"
        note = "  FALLS SHORT" if short else ""
        print(f"{title:38} {shown:>9} {over[0]:>9} {over[1]:>9}{note}")
    where(spans, [gap for gap in gaps if gap["gap_s"] > WORTH_A_LINE_S and spans.of(gap)])
    return fine


def where(spans: Spans, gaps: list[dict[str, Any]]) -> None:
    """Print the functions that most of the gaps' time was spent in, and the longest gaps."""
    spent: Counter[str] = Counter()
    shares: list[list[tuple[float, str]]] = []
    for gap in gaps:
        total = sum(count for _, count in gap["where"]) or 1
        shares.append([(count / total, name) for name, count in gap["where"]])
        for share, name in shares[-1]:
            spent[name] += round(1e6 * share * gap["gap_s"])
    print("\nwhere gaps over 100 ms were spent, in all")
    for name, microseconds in spent.most_common(MOST):
        print(f"{microseconds / 1e6:8.2f} s  {name}")
    print("\nthe longest, and what the loop's own thread did in each")
    for gap, parts in sorted(zip(gaps, shares, strict=True), key=lambda pair: -pair[0]["gap_s"])[
        :MOST
    ]:
        doing = " + ".join(sorted(spans.of(gap)))
        computed, starved = 1e3 * gap["computed_s"], 1e3 * gap["starved_s"]
        print(
            f"{1e3 * gap['gap_s']:5.0f} ms, {computed:.0f} computed, {starved:.0f} waiting for a"
            f" processor: {doing}"
        )
        for share, name in parts:
            print(f"    {share:4.0%} {name}")


if __name__ == "__main__":
    sys.exit(main())
