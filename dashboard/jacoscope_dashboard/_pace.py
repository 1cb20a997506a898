"""Drawing in small pieces, one a turn of the page's thread, so that a click never waits for all.

A figure takes some ten milliseconds to update and more than a hundred to build. Done in one go,
a tab full of them would hold the server's event loop, and with it every other visitor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import panel as pn

from ._jobs import Hop

Work = Callable[[], None]


class Pace:
    """Pieces of work in the order they were asked for; asked for twice, done once."""

    def __init__(self, hop: Hop) -> None:
        """Take the way to the page's thread, on which the pieces are done."""
        self._hop = hop
        self._due: dict[str, Work] = {}
        self._under_way = False

    def ask(self, name: str, work: Work) -> None:
        """Have a piece done soon; what was due under that name and is not done is forgotten."""
        self._due[name] = work
        if not self._under_way:
            self._under_way = True
            self._after_others()

    def lay(self, name: str, column: pn.Column, parts: Sequence[object], a_turn: int = 1) -> None:
        """Add parts to the end of a column soon, so many a turn, each turn in a box of its own.

        A browser that is still building what has come into a container builds it once more where
        more comes in meanwhile, so every box is filled at once.
        """
        groups = [list(parts[i : i + a_turn]) for i in range(0, len(parts), a_turn)]
        boxes = [pn.Column(sizing_mode="stretch_width") for _ in groups]
        column.extend(boxes)
        for number, (box, group) in enumerate(zip(boxes, groups, strict=True)):
            self.ask(f"{name} {number}", partial(setattr, box, "objects", group))

    def _next(self) -> None:
        name = next(iter(self._due))
        work = self._due.pop(name)
        try:
            work()
        finally:
            if self._due:
                self._after_others()
            else:
                self._under_way = False

    def _after_others(self) -> None:
        # Two turns: what came in during the last one, such as a click, stands behind the first.
        self._hop(lambda: self._hop(self._next))
