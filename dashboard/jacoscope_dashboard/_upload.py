"""A button that takes a file of a visitor's, if it is no larger than it may be.

The browser refuses a larger one before it sends any of it. Whoever sends one all the same, by a
program of their own, fills no memory: no more than that is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _ui as ui

_PART = 1_000_000  # bytes that come at once; while a message is read, others wait


class FileInput(ui.FileInput):
    """Takes a file, in parts. By its name a browser finds its code."""

    def __init__(self, refused: Callable[[], None], largest: int, **params: Any) -> None:
        """Take what is called where a file is refused, how many bytes it may have, and params."""
        super().__init__(**({"max_file_size": largest, "chunk_size": _PART} | params))
        self._refused, self._largest = refused, largest
        self._begin()

    def _begin(self) -> None:
        self._parts: list[bytes] = []
        self._room: int = self._largest

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"status": "initializing"}:
                self._begin()
            case {"status": "upload_event", "data": bytes() | memoryview(), "name": str()}:
                self._take(bytes(msg["data"]))
                self._name = msg["name"]
            case {"status": "finished"}:
                if self._parts:
                    self._update_file(self._name, "", b"".join(self._parts))
                self._begin()
                self._send_msg({"status": "finished"})
            case {"status": "error"}:  # the browser has refused it
                self._refuse()
            case _:  # nothing that a browser sends
                self._begin()

    def _take(self, part: bytes) -> None:
        self._room -= len(part)
        if self._room >= 0:
            self._parts.append(part)
        elif self._parts:
            self._refuse()

    def _refuse(self) -> None:
        self._parts, self._room = [], 0
        self._refused()
