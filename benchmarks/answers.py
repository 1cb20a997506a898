"""Answers of the page, timed: tabs that are opened, clicks during a comparison, a comparison."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Browser, Page

from visits import PATIENCE_MS, Row, opened, with_controls

TABS = ("Products", "Compare", "Scaling", "Inside", "Lessons", "Code", "Jacobian")
VERDICT = re.compile("is fastest$|^A tie|Too small to tell")
TAB_URL = {
    "Jacobian": "() => !location.search.includes('tab=')",
    "Compare": "() => location.search.includes('tab=compare')",
}
# What the tab in front says, and how many figures stand in it: all that is laid out, through the
# shadow roots that Bokeh nests.
SHOWN = """
() => {
  const shows = (each) => each.getClientRects().length > 0;
  const find = (node, wanted) => {
    if (node.nodeType === 1 && node.matches(wanted)) return node;
    for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) {
      const found = find(child, wanted);
      if (found) return found;
    }
  };
  const list = find(document.body, "[role=tablist]");
  const body = find(document.body, "[role=tabpanel]:not(.behind)");
  if (!body) return ["", ""];
  const words = [];
  let figures = 0;
  const read = (node) => {
    if (node.nodeType === 3) {
      if (node.textContent.trim()) words.push(node.textContent.trim());
    } else if (node.nodeType === 1 || node.nodeType === 11) {
      if (["STYLE", "SCRIPT", "LINK"].includes(node.nodeName)) return;
      if (node.nodeType === 1 && !shows(node) && !node.shadowRoot) return;
      if (node.nodeName === "CANVAS") figures += 1;
      for (const child of node.shadowRoot?.childNodes ?? []) read(child);
      for (const child of node.childNodes) read(child);
    }
  };
  read(body);
  const tab = [...list.querySelectorAll("[role=tab]")].find((each) => each.ariaSelected === "true");
  return [tab?.textContent ?? "", `${words.join(" ")} ${figures}`];
}
""".strip()
TAB_SHOWS = """
([tab, known]) => {{
  const [there, shown] = ({shown})();
  return there === tab && {what};
}}
"""
FIRST = TAB_SHOWS.format(shown=SHOWN, what="shown !== known && shown.length > 9")
FILLED = TAB_SHOWS.format(shown=SHOWN, what="!shown.includes('is on its way')")
ALL = TAB_SHOWS.format(shown=SHOWN, what="shown === known")


def tabs_opened(browser: Browser, ours: str, rounds: int) -> list[Row]:
    """Open every tab, run a comparison, and come back to every tab."""
    first: dict[str, list[float]] = {tab: [] for tab in TABS[:-1]}
    filled: dict[str, list[float]] = {tab: [] for tab in TABS[:-1]}
    again: dict[str, list[float]] = {tab: [] for tab in TABS}
    for turn in range(rounds + 1):
        with opened(browser, f"{ours}?batch=64&time_limit=5") as page:
            with_controls(page)
            for tab in TABS:
                before = page.evaluate(SHOWN)[1]
                start = time.perf_counter()
                seconds = _until(page, tab, FIRST, before)
                page.wait_for_function(FILLED, arg=[tab, ""], polling="raf", timeout=PATIENCE_MS)
                content_s = time.perf_counter() - start
                _settled(page)
                if turn and tab in first:
                    first[tab].append(seconds)
                    filled[tab].append(content_s)
            _compared(page)
            known = {}
            for tab in TABS:
                page.get_by_role("tab", name=tab, exact=True).click()
                known[tab] = _settled(page)
            for tab in TABS:
                seconds = _until(page, tab, ALL, known[tab])
                page.wait_for_timeout(300)
                if turn:
                    again[tab].append(seconds)
    return [
        *(Row(f"tab {tab}: its first state", samples, 0.3) for tab, samples in first.items()),
        *(Row(f"tab {tab}: its content begins", samples) for tab, samples in filled.items()),
        *(Row(f"tab {tab}: all of it again", samples, 0.3) for tab, samples in again.items()),
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
                page.wait_for_function(TAB_URL["Compare"], polling="raf", timeout=PATIENCE_MS)
                page.wait_for_timeout(500)
            there = "Jacobian" if page.evaluate(TAB_URL["Compare"]) else "Compare"
            start = time.perf_counter()
            page.get_by_role("tab", name=there, exact=True).click()
            page.wait_for_function(TAB_URL[there], polling="raf", timeout=PATIENCE_MS)
            seconds = time.perf_counter() - start
            if cancel.is_enabled():  # the comparison was still running
                samples.append(seconds)
            page.wait_for_timeout(300)
        cancel.click()
    return [Row("a click's answer while a comparison runs", samples, 0.5)]


def comparisons(browser: Browser, ours: str, rounds: int) -> list[Row]:
    """Press Run on a page that was just opened."""
    first, whole = [], []
    winners = 0
    for _ in range(rounds):
        with opened(browser, ours) as page:
            with_controls(page)
            start = time.perf_counter()
            page.get_by_role("button", name="Run", exact=True).click()
            row = page.get_by_role("table").get_by_role("cell").first
            row.wait_for(timeout=PATIENCE_MS)
            first.append(time.perf_counter() - start)
            _ended(page)
            whole.append(time.perf_counter() - start)
            said = page.get_by_text(VERDICT).first
            said.wait_for(timeout=PATIENCE_MS)
            won = page.get_by_text(" is fastest").count() > 0
            winners += won
            if not won:
                print("no winner:", said.locator("..").inner_text())
    print(f"the first comparison of a visit had a winner in {winners} of {rounds}\n")
    return [
        Row("the first comparison of a visit: its first row", first, 3.0),
        Row("the first comparison of a visit: all of it", whole, 15.0),
    ]


def _until(page: Page, tab: str, what: str, known: str) -> float:
    """Return seconds from the click on a tab until it shows `what`."""
    button = page.get_by_role("tab", name=tab, exact=True)
    start = time.perf_counter()
    button.click()
    page.wait_for_function(what, arg=[tab, known], polling="raf", timeout=PATIENCE_MS)
    return time.perf_counter() - start


def _settled(page: Page) -> str:
    """Wait until the tab in front shows the same for a second; return what."""
    shown, since = "", time.perf_counter()
    while time.perf_counter() - since < 1.0:
        now = page.evaluate(SHOWN)[1]
        if now != shown or page.get_by_role("progressbar").count():
            shown, since = now, time.perf_counter()
        page.wait_for_timeout(100)
    return shown


def _compared(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    _ended(page)


def _ended(page: Page) -> None:
    """Wait for a comparison that was just asked for to begin, and to end."""
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    cancel.and_(page.get_by_role("button", disabled=False)).wait_for(timeout=PATIENCE_MS)
    cancel.and_(page.get_by_role("button", disabled=True)).wait_for(timeout=PATIENCE_MS)
