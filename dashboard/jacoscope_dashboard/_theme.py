"""How the page looks: colors, type, the style sheet and the mark."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

_STATIC = files("jacoscope_dashboard") / "static"


def static(name: str) -> str:
    """Return the text of a file in `static/`."""
    return (_STATIC / name).read_text(encoding="utf-8")


CSS: str = (_STATIC / "jacoscope.css").read_text(encoding="utf-8")
SHELF_CSS = static("shelf.css")
MARK: str = (_STATIC / "mark.svg").read_text(encoding="utf-8")
BRAND = f"""<div class="brand">{MARK}<h1>Jacoscope</h1>
<p>See, measure and choose how JAX differentiates your function</p></div>"""
ICON = _STATIC / "mark.svg"
TABLE_JS: str = (_STATIC / "table.js").read_text(encoding="utf-8")
CODE_JS: str = (_STATIC / "code.js").read_text(encoding="utf-8")
LESSONS_JS: str = (_STATIC / "lessons.js").read_text(encoding="utf-8")
SHELF_JS = static("shelf.js")
BROWSER_JS: str = (_STATIC / "browser.js").read_text(encoding="utf-8")

NARROW_PX = 900

_TYPE: dict[str, Any] = {
    "fontSize": 14,
    "button": {"textTransform": "none", "fontWeight": 700},
}

# Some thirty problems in ten groups stand in one list: most of it in sight at once.
_LISTS: dict[str, Any] = {
    "MuiListSubheader": {
        "styleOverrides": {
            "root": {
                "fontSize": 12,
                "fontWeight": 700,
                "lineHeight": "26px",
                "position": "static",
            }
        }
    },
    "MuiMenuItem": {"styleOverrides": {"root": {"minHeight": 28, "paddingBlock": 2}}},
}

# All tabs are in sight from 600 pixels on.
_TABS: dict[str, Any] = {
    "MuiTab": {"styleOverrides": {"root": {"minWidth": 0, "padding": "12px 11px"}}}
}

_SHARED: dict[str, Any] = {
    "components": {**_LISTS, **_TABS},
    "chart_style": "classic",
    # Below the width of `sm` the drawer lies over the page instead of beside it.
    "breakpoints": {"values": {"xs": 0, "sm": NARROW_PX, "md": 1000, "lg": 1200, "xl": 1536}},
    "typography": _TYPE,
}

THEME: dict[str, Any] = {
    "light": {
        **_SHARED,
        "palette": {
            "primary": {"main": "#37474f"},
            "text": {"primary": "#1c2430", "secondary": "#56616f"},
            "background": {"default": "#f6f7f9", "paper": "#ffffff"},
            "divider": "#dde2e8",
        },
    },
    "dark": {
        **_SHARED,
        "palette": {
            "primary": {"main": "#cfd8dc"},
            "text": {"primary": "#e8ebf0", "secondary": "#a5afbd"},
            "background": {"default": "#11151b", "paper": "#171c24"},
            "divider": "#2c3440",
        },
    },
}

PAGE_SX: dict[str, Any] = {
    "& .MuiAppBar-root": {
        "backgroundColor": "background.paper",
        "backgroundImage": "none",
        "color": "text.primary",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .MuiDrawer-paper": {
        "backgroundColor": "background.default",
        "backgroundImage": "none",
        "borderColor": "divider",
    },
    "& main": {"backgroundColor": "background.paper"},
    "@media (prefers-reduced-motion: reduce)": {"& *": {"transition": "none !important"}},
}
