"""Jacoscope's page, and the same as a widget in a notebook.

What it offers is loaded when it is first asked for: `jacoscope --help` needs no Panel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._explorer import Explorer as Explorer
    from ._open import explore as explore

__all__ = ["Explorer", "explore"]


def __getattr__(name: str) -> Any:
    if name == "Explorer":
        from ._explorer import Explorer

        return Explorer
    if name == "explore":
        from ._open import explore

        return explore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
