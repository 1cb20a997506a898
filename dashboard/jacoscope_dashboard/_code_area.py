"""A field for Python, as wide as the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import panel as pn
import param

from ._theme import CSS, static

_LONGEST = 2_000_000


class CodeArea(pn.custom.JSComponent):
    """Code that is typed; `source` follows a moment later.

    A browser keeps `draft` over a reload, and hands it back when it builds the field anew.
    """

    source = param.String(default="")
    label = param.String(default="Code", doc="Its accessible name.")
    draft = param.String(default="", doc="What a browser keeps of the editor.")
    keeps = param.Boolean(default=False, doc="Whether it keeps anything.")

    _esm = static("editor.js")
    _stylesheets: ClassVar[list[str]] = [CSS]

    def __init__(
        self, use: Callable[[], None], recall: Callable[[str], None], **params: Any
    ) -> None:
        """Take what Ctrl+Enter does, what a kept draft is handed to, and the params' values."""
        super().__init__(**({"sizing_mode": "stretch_width", "margin": 0} | params))
        self._use = use
        self._recall = recall

    def _handle_msg(self, data: Any) -> None:
        match data:
            case "use":
                self._use()
            case {"draft": str(draft)} if len(draft) <= _LONGEST:
                self._recall(draft)
