"""The vectors on the screen: the newest ones asked for win, as for the matrix."""

from __future__ import annotations

from typing import Any

from ._cache import Cache
from ._jobs import Hop, Runner
from ._matrix import Matrix

VECTORS = Cache(64)


class Products(Matrix):
    """A products job of a visit and what it brought.

    Of one function, a job is let finish: what it compiles is what the next one calls, and who
    stops it at every turn of a hand compiles for ever.
    """

    def __init__(self, runner: Runner, hop: Hop) -> None:
        """Take a runner and the way to the page's thread."""
        super().__init__(runner, hop, VECTORS, "the vectors were there")

    def _in_the_way(self, running: Any, wanted: Any) -> bool:
        return running.target != wanted.target
