"""The way from any thread to a notebook's kernel."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import panel as pn

from ._boundary import guarded
from ._channel import code_spared, hear_on, on_loop, widen

Work = Callable[[], None]

_NO_BROWSER_S = 30.0
_OPENED_S = 0.3  # by then a browser nearby has opened its channel


class KernelHop:
    """The way to a notebook's kernel, on its event loop.

    While a browser builds a widget that it was sent, changes to it are lost: the channel to it is
    open before there is a document to change. Work waits from the widget's making to the word of
    the browser that it is there; where no browser ever opens it, half a minute.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._expected: set[int] = set()
        self._waiting: list[Work] = []
        self._numbers = itertools.count()
        self._document: Any = None

    def __call__(self, work: Work) -> None:
        on_loop(self._loop, lambda: self._do(work))

    def idly(self, work: Work) -> None:
        """Do something after the cell has ended, whether or not there is a browser.

        A browser opens its channel as soon as it has the widget. While the kernel is busy with
        something else, what comes through the channel is lost: it is not open yet.
        """
        self._loop.call_later(_OPENED_S, guarded, work)

    def expect(self) -> Work:
        """Let work wait for a browser; return what that browser's arrival is to call."""
        widen()
        number = next(self._numbers)
        self._expected.add(number)
        self._loop.call_later(_NO_BROWSER_S, self._go_on, number)

        def arrived() -> None:
            document = pn.state.curdoc
            if document is not None:
                self._document = document
                hear_on(self._loop, document)
            on_loop(self._loop, lambda: self._go_on(number))

        return arrived

    def _go_on(self, number: int) -> None:
        self._expected.discard(number)
        if not self._expected:
            waiting, self._waiting = self._waiting, []
            for work in waiting:
                self._now(work)

    def _do(self, work: Work) -> None:
        if self._expected:
            self._waiting.append(work)
        else:
            self._now(work)

    def _now(self, work: Work) -> None:
        with code_spared(spared=self._document is not None):
            guarded(work, self._document)
