"""`jacoscope serve` for a test to look into: it tells what is alive, when a line comes in.

The server itself has no such way in: this script starts it, and asks the garbage collector.
"""

from __future__ import annotations

import gc
import json
import sys
import threading

import psutil
from bokeh.document import Document
from bokeh.server.session import ServerSession
from tornado.ioloop import IOLoop

from jacoscope.run import local_runner
from jacoscope_dashboard._cli import main
from jacoscope_dashboard._explorer import Explorer
from jacoscope_dashboard._page import Page


def tell() -> None:
    """Print what is alive after a collection, as a line of JSON."""
    gc.collect()
    there = gc.get_objects()
    kinds = (Document, Explorer, Page, ServerSession)
    counts = {kind.__name__: sum(type(each) is kind for each in there) for kind in kinds}
    visits = [each.session for each in there if type(each) is Explorer]
    compared = [each.comparison.state for each in visits]
    drawn = [each.matrix.state for each in visits]
    jobs = len(local_runner()._handles)
    rss = psutil.Process().memory_info().rss
    said = {"alive": counts, "compared": compared, "drawn": drawn, "jobs": jobs, "rss": rss}
    told = json.dumps({**said, "visits": [id(each) for each in visits]})
    print(told, file=sys.__stdout__, flush=True)


def answer(loop: IOLoop) -> None:
    """Tell for each line that comes in, on the server's own loop."""
    for _ in sys.stdin:
        loop.add_callback(tell)


if __name__ == "__main__":
    threading.Thread(target=answer, args=(IOLoop.current(),), daemon=True).start()
    raise SystemExit(main())
