"""One line on standard error that says how far a job is, where someone sees it."""

from __future__ import annotations

import shutil
from typing import Any, TextIO

from .._progress import Progress

_CELLS = 24


class Bar:
    """The line. It is drawn only on a terminal, and gone when the job has ended."""

    def __init__(self, stream: TextIO) -> None:
        """Take the stream that it is written to."""
        self._stream = stream
        self._seen = stream.isatty()
        self._progress = Progress()
        self._drawn = ""

    def hear(self, event: dict[str, Any]) -> None:
        """Take note of an event, on whatever thread it comes."""
        self._progress = self._progress.after(event)

    def draw(self) -> None:
        """Write the line, if it says something else than before."""
        text = line(self._progress, shutil.get_terminal_size().columns - 1)
        if self._seen and text != self._drawn:
            self._write(text)

    def clear(self) -> None:
        """Leave an empty line."""
        if self._drawn:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(f"\r{text.ljust(len(self._drawn))}")
        self._stream.flush()
        self._drawn = text


def line(progress: Progress, width: int) -> str:
    """Return the line in at most so many characters."""
    full = _CELLS * progress.done // progress.total if progress.total else 0
    return f"[{'#' * full}{'.' * (_CELLS - full)}] {progress.sentence()}"[: max(width, 0)]
