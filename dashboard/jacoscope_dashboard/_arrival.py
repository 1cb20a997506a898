"""The word of a browser that it has built a widget."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import param

from ._theme import static


class Arrival(pn.custom.JSComponent):
    """Nothing to see; `there` is set by the browser that has built what it stands in."""

    there = param.Boolean(default=False)

    _esm = static("arrival.js")

    def __init__(self, arrived: Callable[[], None]) -> None:
        """Take what the arrival calls."""
        super().__init__(width=0, height=0, margin=0)
        self.param.watch(lambda _: arrived(), "there")
