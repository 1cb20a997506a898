"""The lessons on the page: cards in one component, as a Panel component each would be slow."""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn
import param

from ._theme import CSS, LESSONS_JS


class LessonBoard(pn.custom.JSComponent):
    """Cards with a claim, a verdict and two buttons each."""

    lessons = param.List(
        default=[], doc="Dicts: name, claim, source, why, kind, verdict, text; all of them text."
    )
    busy = param.Boolean(default=False, doc="Whether none can be tried just now.")
    asked = param.Dict(default={}, doc="The last button: name and action, `try` or `open`.")

    _esm = LESSONS_JS
    _stylesheets: ClassVar[list[str]] = [CSS]

    def __init__(self, **params: Any) -> None:
        """Take the params' values."""
        super().__init__(**({"sizing_mode": "stretch_width", "margin": 0} | params))
