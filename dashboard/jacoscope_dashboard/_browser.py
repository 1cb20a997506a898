"""What only the browser knows: its address, and whether its window is narrow.

Panel's own `Location` can't be used: it reads every query with `panel.util.parse_query`, which
raises on `?n=²`, and the visitor gets an error instead of a page.
"""

from __future__ import annotations

from urllib.parse import urlencode

import panel as pn
import param

from ._place import served
from ._theme import BROWSER_JS, NARROW_PX

_LONGEST = 4_000


class Browser(pn.custom.JSComponent):
    """Nothing to see. Setting `search` moves the address; going back and forth sets it.

    What a link carries behind its `#` is sent in `fragment`, and taken out of the address: it is
    for once, not for each reload.
    """

    search = param.String(default="", doc="The address's query, with its question mark.")
    fragment = param.String(default="", doc="What a link carries behind its `#`.")
    limit = param.Integer(default=NARROW_PX, doc="Pixels below which a window is narrow.")
    narrow = param.Boolean(default=False)

    _esm = BROWSER_JS


def query_here() -> str:
    """Return the query of the page that is being served; nothing anywhere else."""
    if served() is None:
        return ""
    pairs = [
        (name, value.decode("utf-8", "replace"))
        for name, values in pn.state.session_args.items()
        for value in values[-1:]
    ]
    return urlencode(pairs)[:_LONGEST]
