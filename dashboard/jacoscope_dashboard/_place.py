"""The way from any thread to the one that may touch this visit's widgets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import RLock
from typing import Any

import panel as pn

from ._boundary import guarded
from ._channel import on_loop
from ._jobs import Hop
from ._kernel import KernelHop

Work = Callable[[], None]


def served() -> Any:
    """Return the document of the page that is being served; None in a notebook or a script."""
    document = pn.state.curdoc
    return None if document is None or document.session_context is None else document


def hop_here() -> Hop:
    """Return the way to the place this is called from.

    On a server that is the document's own thread; in a notebook the kernel's event loop; in a
    plain script, where nobody waits, the thread itself, one at a time.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return at_once()

    document = served()
    if document is not None:
        return _DocumentHop(document, document.session_context, loop)
    return KernelHop(loop)


def held() -> AbstractContextManager[Any]:
    """Send what is changed inside to the browser as one, where there is a server.

    In a notebook Panel sends each change at once, and would lose those that it holds back.
    """
    return contextlib.nullcontext() if served() is None else pn.io.hold()


def at_once() -> Hop:
    """Return a hop that stays on the thread it is called from, one at a time."""
    lock = RLock()

    def hop(work: Work) -> None:
        with lock:
            work()

    return hop


class _DocumentHop:
    """The way to a served document, on the thread of its event loop.

    The document itself is touched on that thread only. Bokeh's `add_next_tick_callback` may lose
    what another thread adds while the document holds its events, and Panel holds them often.

    While a browser builds the page that it has just fetched, Panel drops changes to it: they come
    too late for what was fetched and too early to be sent. Work that arrives then waits.
    """

    def __init__(self, document: Any, context: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._document, self._context, self._loop = document, context, loop
        self._ready = False
        self._waiting: list[Work] = []
        pn.state.onload(self._loaded)

    def __call__(self, work: Work) -> None:
        on_loop(self._loop, lambda: self._schedule(work))

    def _schedule(self, work: Work) -> None:
        if not self._context.destroyed:
            self._document.add_next_tick_callback(lambda: self._do(work))

    def _do(self, work: Work) -> None:
        fetched = self._context.session is not None and self._context.session.connection_count > 0
        if fetched and not self._ready:
            self._waiting.append(work)
        else:
            guarded(work)

    def _loaded(self) -> None:
        self._ready = True
        waiting, self._waiting = self._waiting, []
        for work in waiting:
            guarded(work)
