"""The comparisons of a visit in the drawer, each one click from coming back."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from . import _ui as ui
from ._comparison import Comparison, Ran
from ._experiment import describe
from ._html import Html
from ._quantities import QUANTITIES
from .figures import format_seconds


class History:
    """A button for each comparison that came to its end, the newest first.

    Attributes:
        panel: What is in the drawer; hidden while there is none.
    """

    def __init__(self, comparison: Comparison, bring_back: Callable[[Ran], None]) -> None:
        """Follow a comparison.

        Args:
            comparison: Whose history it is.
            bring_back: Called with what is clicked on.
        """
        self._comparison, self._bring_back = comparison, bring_back
        self._buttons: dict[int, ui.Button] = {}  # by the identity of what was run, which is kept
        self.panel = pn.Column(visible=False, sizing_mode="stretch_width", margin=(14, 0, 0, 0))
        comparison.param.watch(lambda *_: self._show(), "history")

    def _show(self) -> None:
        there = self._comparison.history
        self._buttons = {id(ran): self._buttons.get(id(ran)) or self._button(ran) for ran in there}
        head = Html("<h3 class='quiet'>Compared in this visit</h3>", margin=(0, 0, 4, 0))
        self.panel.param.update(visible=bool(there), objects=[head, *self._buttons.values()])

    def _button(self, ran: Ran) -> ui.Button:
        button = ui.Button(
            label=said_of(ran),
            variant="text",
            size="small",
            sizing_mode="stretch_width",
            margin=(0, 0, 2, 0),
            sx={"justifyContent": "flex-start", "textAlign": "left", "fontWeight": 400},
        )
        button.on_click(lambda _: self._bring_back(ran))
        return button


def said_of(ran: Ran) -> str:
    """Return a comparison in a few words: what was compared, and what came first."""
    quantity = ran.spec.get("quantity", "jacobian")
    what = describe(ran.spec) + ("" if quantity == "jacobian" else f" · {QUANTITIES[quantity]}")
    best = ran.study.best()
    if best is None:
        return f"{what}: nothing could be measured"
    tie = ", a tie" if best.tie else ""
    return f"{what}: {best.strategy}, {format_seconds(best.median_s)}{tie}"
