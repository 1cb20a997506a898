"""One study against another on the page: the newest pair asked for wins, as for the matrix."""

from __future__ import annotations

from typing import ClassVar

from ._cache import Cache
from ._jobs import Hop, Runner
from ._matrix import Matrix

PAIRS = Cache(24)


class Against(Matrix):
    """The job of a visit that holds two studies against each other, and what it brought."""

    subject: ClassVar[str] = "both studies were compared"

    def __init__(self, runner: Runner, hop: Hop) -> None:
        """Take a runner and the way to the page's thread."""
        super().__init__(runner, hop, PAIRS)
