"""What the page shows before any of its scripts has come: the same picture, in HTML.

A browser needs a second for the scripts, on a slow line many. What it is sent first is the matrix
that is known already, where it will be; `preview.js` takes it away once the page is drawn.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from html import escape
from typing import Any

from ._explorer import TABS, Explorer
from ._theme import BRAND, CSS, NARROW_PX, THEME, static
from .figures import heatmap_html, heatmap_png, summary_heatmap
from .views._advice import looking_card
from .views._jacobian import count_html, summary_html, waiting_html

_PALETTE = ("text", "background", "primary")
_WIDE = f"@media (min-width: {NARROW_PX}px)"
_STYLE = CSS + static("preview.css").replace("@media wide", _WIDE)
_SCRIPT = static("preview.js")
_TEMPLATE = static("page.html")
_LARGEST = 160  # cells each way: some 80 kB, where all differ


def put_before(document: Any, explorer: Explorer) -> None:
    """Have a page begin with its preview.

    Args:
        document: The Bokeh document of the page, with Panel's template.
        explorer: What the page is of.
    """
    plain = document.template
    document.template_variables.update(plain=plain, preview=preview(explorer))
    document.template = _template(plain.environment)


def preview(explorer: Explorer) -> dict[str, str]:
    """Return what `page.html` puts into the page: styles, the preview, its image, its script."""
    matrix, dark = explorer.session.matrix, explorer.dark
    first = explorer.tab == "jacobian"
    picture = matrix.picture if matrix.state == "ok" and first else None
    if picture is not None and max(picture["values"].shape) > _LARGEST:
        picture = None
    file = None if picture is None else heatmap_png(picture, dark=dark, side=1)
    image, figure, side = "", waiting_html() if first else "", ""
    if picture is not None and file is not None:
        said = escape(summary_heatmap(picture))
        address = f"data:image/png;base64,{b64encode(file).decode()}"
        image = f'<img elementtiming="preview" alt="{said}" src="{address}">'
        figure = heatmap_html(picture, "<slot></slot>", dark=dark)
        side = count_html(picture) + summary_html(picture)
    return {
        "style": _STYLE + _colors(dark=dark),
        "html": _frame(explorer, figure, side),
        "image": image,
        "script": _SCRIPT,
    }


def _frame(explorer: Explorer, figure: str, side: str) -> str:
    """Return the page around what is on its first tab."""
    front = ' class="front"'
    tabs = "".join(
        f"<div{front if name == explorer.tab else ''}>{name.capitalize()}</div>" for name in TABS
    )
    return (
        f'<div class="bar">{BRAND}</div><div class="drawer"></div>'
        f'<div class="main">{explorer.heading()}{looking_card()}'
        f'<div class="tabs">{tabs}</div><div class="parts">'
        f'<div class="figure">{figure}</div><div class="side">{side}</div></div></div>'
    )


def _colors(*, dark: bool) -> str:
    """Return the variables of the theme, which its own scripts would set."""
    palette = THEME["dark" if dark else "light"]["palette"]
    named = {
        f"--mui-palette-{part}-{name}": color
        for part in _PALETTE
        for name, color in palette[part].items()
    }
    named["--mui-palette-divider"] = palette["divider"]
    return f":host {{{';'.join(f'{name}:{color}' for name, color in named.items())}}}"


@cache
def _template(environment: Any) -> Any:
    return environment.from_string(_TEMPLATE)
