"""How fast the page is: drawing, redrawing, playing, its tabs, and its answer while it computes.

    python benchmarks/page_speed.py

Medians of ten. The servers are warm and each first drawing has a fresh browser context, so nothing
comes from a cache of the browser. Our page, our page at a batch size that nobody asked for before,
the yardstick (bare_page.py, panel-material-ui's page around one static image) and the peer
(peer_page.py, hvplot's explorer) are opened in turns in the same run. Drawn means painted: the
pixels inside the figure's frame are looked at. Our page draws a matrix that it knows twice, as a
still picture in its HTML and then by its scripts; the first is drawn when the browser reports it.
Exits 1 where a figure is above what is asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import urlparse

from answers import clicks_while_comparing, comparisons, tabs_opened
from drawings import first_drawings, large_drawings, passes_played, redrawings
from serving import chromium, free_port, server
from visits import Row

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PARTS = ("first", "redraw", "large", "player", "tabs", "clicks", "comparisons")


def main() -> int:
    parser = argparse.ArgumentParser(description="How fast the page is.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    args = parser.parse_args()

    serve = f"'{BIN / 'jacoscope'}' serve --port {free_port()}"
    bare_page, peer_page = (
        f"'{BIN / 'panel'}' serve '{HERE / name}' --port {free_port()}"
        for name in ("bare_page.py", "peer_page.py")
    )
    rows: list[Row] = []
    rounds = args.rounds
    with (
        server(serve) as ours,
        server(bare_page) as bare,
        server(peer_page) as peer,
        chromium() as browser,
    ):
        cores, version = os.cpu_count(), browser.version
        print(f"Chromium {version}, {cores} cores, {urlparse(ours).netloc}; seconds, medians of")
        print(f"{rounds}; smallest and largest beside them\n")
        parts = {
            "first": lambda: first_drawings(browser, ours, bare, peer, rounds),
            "redraw": lambda: redrawings(browser, ours, peer, rounds),
            "large": lambda: large_drawings(browser, ours, rounds),
            "player": lambda: passes_played(browser, ours, rounds),
            "tabs": lambda: tabs_opened(browser, ours, rounds),
            "clicks": lambda: clicks_while_comparing(browser, ours, rounds),
            "comparisons": lambda: comparisons(browser, ours, rounds),
        }
        for name, part in parts.items():
            if name in args.parts:
                rows += part()
    print(f"{'':58} {'median':>7}  {'min':>6} – {'max':>5}    asked")
    for row in rows:
        print(row)
    if "first" in args.parts:
        bare_s, peer_s, *ours_s = (row.median_s for row in rows[:5])
        for name, other_s in (("the bare page", bare_s), ("hvplot.explorer", peer_s)):
            still, drawn, unseen = (f"{each / other_s:.2f}×" for each in ours_s)
            print(f"against {name}: in HTML {still}, by scripts {drawn}, unseen {unseen}")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
