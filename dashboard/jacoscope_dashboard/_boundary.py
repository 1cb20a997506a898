"""The one place where an error that nobody expected ends: in the log, and on the page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod

import holoviews as hv
import panel as pn

_LOG = logging.getLogger("jacoscope")
# Weak on both sides: what shows an error holds its document, and would keep it for ever.
_SCREENS: WeakKeyDictionary[Any, WeakMethod[Callable[[str], None]]] = WeakKeyDictionary()


def guarded(work: Callable[[], None], document: Any = None) -> None:
    """Do some work of the page; an error that nobody expected ends here.

    Args:
        work: What is done.
        document: Where the error is shown; None for the document of this session.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001 (the boundary of the page: it lives on)
        _handle(error, document)


def extension() -> None:
    """Load Panel's extension for this visit, or for this notebook.

    In a notebook Panel's scripts stand in the notebook itself: otherwise Panel 1.9 shows nothing
    without a network, and 1.10 may draw before all of them are there. Only a notebook completes
    names by Panel's signatures, which take Panel some ten milliseconds to write.
    """
    notebook = _in_notebook()
    inline: dict[str, Any] = {"inline": True} if notebook else {}
    if hv.Store.current_backend != "bokeh":
        hv.extension("bokeh", logo=False)
    pn.extension(exception_handler=_handle, apply_signatures=notebook, **inline)


def catch_for(show: Callable[[str], None]) -> None:
    """Show this visit's unexpected errors through `show`, a method, as long as its object lives."""
    if pn.state.curdoc is not None:
        _SCREENS[pn.state.curdoc] = WeakMethod(show)


def _handle(error: BaseException, document: Any = None) -> None:
    _LOG.exception("Unexpected error on the page", exc_info=error)
    document = pn.state.curdoc if document is None else document
    screen = None if document is None else _SCREENS.get(document)
    show = None if screen is None else screen()
    if show is not None:
        show(f"Something went wrong here: {type(error).__name__}: {error}")


def _in_notebook() -> bool:
    try:
        shell = get_ipython()  # type: ignore[name-defined]
    except NameError:
        return False
    return getattr(shell, "kernel", None) is not None
