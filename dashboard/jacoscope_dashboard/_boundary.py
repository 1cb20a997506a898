"""The one place where an error that nobody expected ends: in the log, and on the page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from weakref import WeakKeyDictionary

import holoviews as hv
import panel as pn

_LOG = logging.getLogger("jacoscope")
_SCREENS: WeakKeyDictionary[Any, Callable[[str], None]] = WeakKeyDictionary()


def guarded(work: Callable[[], None]) -> None:
    """Do some work of the page; an error that nobody expected ends here."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 (the boundary of the page: it lives on)
        _handle(error)


def extension() -> None:
    """Load Panel's extension for this visit, or for this notebook.

    Panel before 1.10 shows nothing in a notebook without a network unless its scripts stand in
    the notebook itself. Only a notebook completes names by Panel's signatures, which take
    Panel some ten milliseconds to write.
    """
    options: dict[str, Any] = {
        "exception_handler": _handle,
        "apply_signatures": _in_notebook(),
    }
    if _in_notebook() and tuple(int(n) for n in version("panel").split(".")[:2]) < (1, 10):
        options["inline"] = True
    if hv.Store.current_backend != "bokeh":
        hv.extension("bokeh", logo=False)
    pn.extension(**options)


def catch_for(show: Callable[[str], None]) -> None:
    """Show this visit's unexpected errors through `show`."""
    if pn.state.curdoc is not None:
        _SCREENS[pn.state.curdoc] = show


def _handle(error: BaseException) -> None:
    _LOG.exception("Unexpected error on the page", exc_info=error)
    show = _SCREENS.get(pn.state.curdoc) if pn.state.curdoc is not None else None
    if show is not None:
        show(f"Something went wrong here: {type(error).__name__}: {error}")


def _in_notebook() -> bool:
    try:
        shell = get_ipython()  # type: ignore[name-defined]
    except NameError:
        return False
    return getattr(shell, "kernel", None) is not None
