"""A figure as SVG: BokehJS draws it anew as vectors, in the browser."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from bokeh.models import CustomAction, CustomJS

# Gray, since a picture of one's own does not follow the color of the toolbar.
_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><text x="10" y="14"
font-family="sans-serif" font-size="10" font-weight="bold" text-anchor="middle" textLength="19"
fill="#7d8896">SVG</text></svg>"""
_ICON_URI = f"data:image/svg+xml;base64,{b64encode(_ICON.encode()).decode()}"
_SAVE_JS = """
Bokeh.index.find_one(figure).export("svg").to_blob().then((blob) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = "figure.svg"
  link.click()
  URL.revokeObjectURL(link.href)
})
"""


def svg_action(figure: Any) -> CustomAction:
    """Make the button of the toolbar that saves a Bokeh figure as SVG."""
    save = CustomJS(args={"figure": figure}, code=_SAVE_JS)
    return CustomAction(description="Save as SVG", icon=_ICON_URI, callback=save)
