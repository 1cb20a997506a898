"""The only module that imports panel-material-ui.

Panel 1.10 offers the same components as `panel.ui`, but that module picks its design per session
at each access, which `from … import` would miss; the package itself works on both. Columns and
rows are Panel's own: a Bokeh figure that is added late to a Material column fails to lay itself
out.
"""

from __future__ import annotations

from typing import Any

import panel as pn
from panel_material_ui import (
    Accordion,
    Button,
    DiscreteSlider,
    FileDownload,
    FileInput,
    Page,
    Player,
    Select,
    Switch,
    Tabs,
    TextInput,
)
from panel_material_ui.theme import MaterialDesign

__all__ = [
    "Accordion",
    "Button",
    "DiscreteSlider",
    "FileDownload",
    "FileInput",
    "MaterialDesign",
    "Page",
    "Player",
    "Select",
    "Switch",
    "Tabs",
    "TextInput",
    "side_by_side",
]


def side_by_side(*parts: Any, gap: str) -> pn.Row:
    """Lay parts beside each other where there is room, else below; `gap` is CSS.

    No FlexBox: a Material component that one is given later was seen missing from the page.
    """
    styles = {"flex-wrap": "wrap", "gap": gap}
    return pn.Row(*parts, styles=styles, sizing_mode="stretch_width")
