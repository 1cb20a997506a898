"""The page that nobody sees, and what a page that is over leaves behind."""

from __future__ import annotations

import gc
import threading
import weakref

import panel as pn
import pytest

from jacoscope.run import local_runner
from jacoscope_dashboard._explorer import Explorer
from jacoscope_dashboard._page import page
from jacoscope_dashboard._place import at_once
from jacoscope_dashboard._rehearsal import Nobody, rehearse


def test_it_draws_every_figure_and_starts_no_worker(monkeypatch) -> None:
    built: list[str] = []
    threads: set[int] = set()
    show = pn.pane.HoloViews.__init__

    def counted(self, *args, **params) -> None:
        built.append("figure")
        threads.add(threading.get_ident())
        show(self, *args, **params)

    monkeypatch.setattr(pn.pane.HoloViews, "__init__", counted)
    monkeypatch.setattr(local_runner(), "submit", lambda *_: pytest.fail("a job was sent"))
    try:
        rehearse()
    finally:
        gc.unfreeze()
    assert len(built) >= 4  # the matrix; time, memory and compiling
    assert threads == {threading.get_ident()}


def test_a_page_does_not_follow_what_other_visitors_do_and_is_forgotten() -> None:
    def visit() -> weakref.ref:
        explorer = Explorer(runner=Nobody(), hop=at_once())
        made = page(explorer)
        pn.state._busy_counter = [("another visitor's event", 0.0)]
        try:
            assert not made.busy
        finally:
            pn.state._busy_counter = []
        explorer.close()
        return weakref.ref(made)

    left = visit()
    gc.collect()
    assert left() is None
