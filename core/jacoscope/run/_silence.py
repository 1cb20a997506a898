"""A worker's standard output: nothing of it is shown, and how much there was is counted."""

from __future__ import annotations

import io
import sys


class Silence(io.TextIOBase):
    """A stream that keeps nothing of what is printed but its length.

    Attributes:
        characters: How many were printed.
    """

    def __init__(self) -> None:
        self.characters = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str, /) -> int:
        """Count the text and drop it."""
        self.characters += len(text)
        return len(text)


def printed() -> int:
    """Return how many characters this worker has printed; 0 where they are not counted."""
    return sys.stdout.characters if isinstance(sys.stdout, Silence) else 0
