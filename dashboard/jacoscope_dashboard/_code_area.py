"""A field for Python, as wide as the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import panel as pn
import param

from ._theme import CSS, static


class CodeArea(pn.custom.JSComponent):
    """Code that is typed; `source` follows a moment later."""

    source = param.String(default="")
    label = param.String(default="Code", doc="Its accessible name.")

    _esm = static("editor.js")
    _stylesheets: ClassVar[list[str]] = [CSS]

    def __init__(self, use: Callable[[], None], **params: Any) -> None:
        """Take what Ctrl+Enter does, and the params' values."""
        super().__init__(**({"sizing_mode": "stretch_width", "margin": 0} | params))
        self._use = use

    def _handle_msg(self, data: Any) -> None:
        if data == "use":
            self._use()
