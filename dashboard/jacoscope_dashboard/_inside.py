"""The inside of the function on the page: the newest one asked for wins, as for the matrix."""

from __future__ import annotations

from typing import ClassVar

from ._cache import Cache
from ._jobs import Hop, Runner
from ._matrix import Matrix

INSIDES = Cache(24)


class Inside(Matrix):
    """An inside job of a visit and what it brought."""

    subject: ClassVar[str] = "the function was traced"

    def __init__(self, runner: Runner, hop: Hop) -> None:
        """Take a runner and the way to the page's thread."""
        super().__init__(runner, hop, INSIDES)
