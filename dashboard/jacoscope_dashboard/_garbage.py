"""When a server looks for garbage: each full collection holds up every visitor."""

from __future__ import annotations

import gc
from collections.abc import Callable

from panel.io import document as panel_document
from panel.io.state import state

LOOK_MS = 3_000
_QUIET = 3  # looks in a row without a job: who has just seen a result clicks on it
_FEW = 10  # visits whose objects are walked over before anyone notices
_MANY = 5  # visits that have ended, whatever goes on
_SHARE = 8  # to free a visit costs some eight times as much as to walk over it
_SOON, _LATE = 200, 1200  # looks, ten minutes and an hour: open visits leave garbage, too
_NEVER = 1_000_000  # collections of the middle generation until Python has a full one of its own


class Garbage:
    """What visits leave behind, and when it is collected.

    To free an ended visit takes some twenty milliseconds, and to walk over an open one two or
    three. So a few ended ones wait for a quiet moment, and many for as many as make the walk worth
    it. Python's own full collections come at any moment, on any thread, and so are turned off.
    """

    def __init__(self, busy: Callable[[], bool]) -> None:
        """Begin with no visit.

        Args:
            busy: Whether a job is under way.
        """
        self._busy = busy
        self._open = self._ended = self._quiet = self._looks = 0

    def take_over(self) -> None:
        """Leave full collections to this; call it once a process, when a visitor may come.

        All that exists then stays as long as the process, and is walked over no more.
        """
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _NEVER)
        panel_document._garbage_collect = lambda: None  # some seconds after each visit's end
        state.on_session_created(self.add)
        state.on_session_destroyed(self.remove)
        gc.collect()
        gc.freeze()

    def add(self, session_context: object) -> None:
        """Count a visit that begins."""
        del session_context  # Bokeh asks for that name
        self._open += 1

    def remove(self, session_context: object) -> None:
        """Count a visit that ends."""
        del session_context  # Bokeh asks for that name
        self._open -= 1
        self._ended += 1

    def look(self) -> None:
        """Collect, if it is time to; call it every `LOOK_MS`."""
        self._looks += 1
        self._quiet = 0 if self._busy() else self._quiet + 1
        if self._is_due():
            gc.collect()
            self._ended = self._looks = 0

    def _is_due(self) -> bool:
        if self._ended >= max(_MANY, self._open / _SHARE):
            return True
        if self._ended and (self._open == 0 or (self._open <= _FEW and self._quiet >= _QUIET)):
            return True
        return self._looks >= (_SOON if self._quiet >= _QUIET else _LATE)
