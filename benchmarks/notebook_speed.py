"""How soon a widget is there in JupyterLab, in a kernel that has JAX imported.

    python benchmarks/notebook_speed.py

From Shift+Enter on a cell with `explore(f, x)` to the first matrix on the screen, in a kernel of
its own each time; the import of the widget itself, a browser's first sight of it and the worker's
start are all in it. Exits 1 where the median is above 5 s.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

from lab import lab
from serving import chromium

MOST_S = 5.0
BEFORE = "import jax.numpy as jnp\njnp.ones(3).block_until_ready()\nprint('ready:', 1 + 1)"
CELL = """
from jacoscope_dashboard import explore

def f(x):
    return jnp.tanh(x) * x.sum()

explore(f, jnp.ones(6))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="How soon the widget is there in JupyterLab.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    names = [f"round{number}" for number in range(rounds)]
    with lab({name: [BEFORE, CELL] for name in names}) as running, chromium() as browser:
        taken = [
            first_picture(browser, f"{running.address}/lab/workspaces/{each}/tree/{each}.ipynb")
            for each in names
        ]
    for seconds in taken:
        print(f"{seconds:.2f} s")
    median = statistics.median(taken)
    print(f"median {median:.2f} s, asked for: at most {MOST_S:g} s")
    return 0 if median <= MOST_S else 1


def first_picture(browser: Any, address: str) -> float:
    """Return the seconds from running the cell to its picture."""
    # A window that shows all of the output: Jupyter draws nothing that is out of sight.
    context = browser.new_context(viewport={"width": 1400, "height": 1800})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    cells = page.locator(".jp-Notebook .jp-CodeCell .cm-content")
    cells.nth(0).click()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("ready: 2").wait_for()
    cells.nth(1).click()
    start = time.perf_counter()
    page.keyboard.press("Shift+Enter")
    page.locator(".bk-Figure").first.wait_for()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    seconds = time.perf_counter() - start
    context.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
