"""The word of a browser that it has built a widget, and the kernel's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import param

from ._theme import static


class Arrival(pn.custom.JSComponent):
    """Nothing to see: says that a browser has built what this stands in, and can be answered.

    The answer hides the keepsake. Where none comes, the widget hides itself: its controls would
    do nothing.
    """

    answers = param.Integer(default=0, doc="How often a kernel has answered.")
    keepsake = param.String(default="", doc="The name of what stands in for the widget.")

    _esm = static("arrival.js")

    def __init__(self, arrived: Callable[[], None], keepsake: str = "") -> None:
        """Take what the arrival calls."""
        super().__init__(width=0, height=0, margin=0, keepsake=keepsake)
        self._arrived = arrived

    def _handle_msg(self, data: Any) -> None:
        if data == "there":
            self._arrived()

    def answer(self) -> None:
        """Tell the browser that a kernel is there; on the kernel's own thread.

        By a change of the model: an ipywidget passes changes on, and loses messages.
        """
        self.answers += 1
