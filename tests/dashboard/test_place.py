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

from jacoscope_dashboard import _kernel
from jacoscope_dashboard._kernel import KernelHop
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


def in_a_kernel(work: Callable[[KernelHop], Coroutine[Any, Any, None]]) -> None:
    async def kernel() -> None:
        hop = hop_here()
        assert isinstance(hop, KernelHop)
        await work(hop)

    asyncio.run(kernel())


def test_a_kernels_work_waits_for_the_browser_and_keeps_its_order() -> None:
    done: list[int] = []

    async def work(hop: KernelHop) -> None:
        arrived = hop.expect()
        for number in range(3):
            threading.Thread(target=hop, args=(lambda number=number: done.append(number),)).start()
            await asyncio.sleep(0.05)
        assert done == []
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(arrived).result()
        hop(lambda: done.append(3))
        await asyncio.sleep(0.05)

    in_a_kernel(work)
    assert done == [0, 1, 2, 3]


def test_a_kernels_work_goes_on_where_no_browser_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kernel, "_NO_BROWSER_S", 0.1)
    done: list[str] = []

    def fail() -> None:
        raise RuntimeError

    async def work(hop: KernelHop) -> None:
        hop.expect()
        hop(fail)  # an error ends where it is
        hop(lambda: done.append("after the error"))
        assert done == []
        await asyncio.sleep(0.3)
        hop(lambda: done.append("at once"))
        await asyncio.sleep(0.05)

    in_a_kernel(work)
    assert done == ["after the error", "at once"]
