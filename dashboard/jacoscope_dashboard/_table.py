"""A sortable table of text, as a Panel component.

Small enough to read, and light: Panel's Tabulator would load 400 kB before the first picture and
takes HTML in its headings.
"""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn
import param

from ._theme import CSS, TABLE_JS


class SortableTable(pn.custom.JSComponent):
    """Rows of cells, each a text and the value it is sorted by."""

    columns = param.List(default=[], doc="Dicts: key, label, hint; left and wrap for text.")
    rows = param.List(
        default=[], doc="Dicts: mark (a CSS class) and cells: key → text, sort, hint."
    )
    caption = param.String(default="", doc="What the table shows, for everyone.")

    _esm = TABLE_JS
    _stylesheets: ClassVar[list[str]] = [CSS]

    def __init__(self, **params: Any) -> None:
        """Take the params' values."""
        super().__init__(**({"sizing_mode": "stretch_width", "margin": 0} | params))
