"""The way to a served document: from any thread, and the document touched on its own alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import panel as pn
import pytest

from jacoscope_dashboard._place import hop_here

COUNT = 200
PATIENCE_S = 10.0


class Document:
    """As much of a served document as a hop touches."""

    def __init__(self) -> None:
        self.session_context = SimpleNamespace(destroyed=False, session=None)
        self.touched_on: set[int] = set()

    def add_next_tick_callback(self, callback: Callable[[], None]) -> None:
        self.touched_on.add(threading.get_ident())
        asyncio.get_running_loop().call_soon(callback)


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Document:
    document = Document()
    monkeypatch.setattr(type(pn.state), "curdoc", document)
    monkeypatch.setattr(pn.state, "onload", lambda work: None)
    return document


def run(serve: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run a server's loop on a thread of its own, whose number is returned."""
    with ThreadPoolExecutor(1) as pool:
        number = pool.submit(threading.get_ident)
        pool.submit(lambda: asyncio.run(serve())).result()
    return number.result()


def test_other_threads_touch_no_document_and_nothing_is_lost(document: Document) -> None:
    done: list[tuple[int, int]] = []

    async def serve() -> None:
        hop = hop_here()

        def send(number: int) -> Any:
            hop(lambda: done.append((number, threading.get_ident())))

        threads = [threading.Thread(target=send, args=(n,)) for n in range(COUNT)]
        for thread in threads:
            thread.start()
        async with asyncio.timeout(PATIENCE_S):
            while len(done) < COUNT:
                await asyncio.sleep(0.01)

    here = run(serve)
    assert sorted(number for number, _ in done) == list(range(COUNT))
    assert {thread for _, thread in done} == document.touched_on == {here}


def test_nothing_more_is_done_for_a_visit_that_is_over(document: Document) -> None:
    done: list[int] = []

    async def serve() -> None:
        hop = hop_here()
        hop(lambda: done.append(1))
        await asyncio.sleep(0.05)
        document.session_context.destroyed = True
        hop(lambda: done.append(2))
        await asyncio.sleep(0.05)

    run(serve)
    assert done == [1]
