"""A script on the page, to copy or to read; or the page's own address."""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn
import param

from ._theme import CODE_JS, CSS


class CodeBox(pn.custom.JSComponent):
    """A button that copies a script, and the script folded away beneath it."""

    code = param.String(default="", doc="The script; without one, the page's address is copied.")
    fragment = param.String(default="", doc="What is behind the `#` of the address.")
    label = param.String(default="Copy code", doc="What is on the button.")
    unfolded = param.Boolean(default=False, doc="Whether the script is shown from the start.")

    _esm = CODE_JS
    _stylesheets: ClassVar[list[str]] = [CSS]

    def __init__(self, **params: Any) -> None:
        """Take the params' values."""
        super().__init__(**({"sizing_mode": "stretch_width", "margin": 0} | params))
