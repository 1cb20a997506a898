"""What Panel's channel between a kernel and a notebook lacks for a widget that changes a lot."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from panel.io.state import state
from panel.viewable import MimeRenderMixin
from panel_material_ui.base import MaterialComponent

_HOMES: WeakKeyDictionary[Any, asyncio.AbstractEventLoop] = WeakKeyDictionary()
_INSTEAD: ContextVar[dict[str, str] | None] = ContextVar("_INSTEAD", default=None)
_SPARED: dict[str, str] = {}  # nothing stands in for what a browser has


def on_loop(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    """Have work done on the thread of a loop, unless that has ended."""
    with contextlib.suppress(RuntimeError):  # closed: the server or the kernel has stopped
        loop.call_soon_threadsafe(work)


def hear_on(loop: asyncio.AbstractEventLoop, document: Any) -> None:
    """Have what a browser says of a document handled on a loop.

    JupyterLab has it handled on a thread of its own, beside that of the cells. Two threads that
    change one document lose changes.
    """
    _HOMES[document] = loop


@contextlib.contextmanager
def code_spared(*, spared: bool) -> Iterator[None]:
    """Send no code again with what is made inside, for a browser that has it."""
    token = _INSTEAD.set(_SPARED if spared else None)
    try:
        yield
    finally:
        _INSTEAD.reset(token)


@contextlib.contextmanager
def code_named() -> Iterator[dict[str, str]]:
    """Have a name stand for code in what is made inside; yield name → code, for `slim`."""
    widen()
    codes: dict[str, str] = {}
    token = _INSTEAD.set(codes)
    try:
        yield codes
    finally:
        _INSTEAD.reset(token)


@cache
def widen() -> None:
    """Have Panel heed `hear_on`, `code_spared` and `code_named`.

    It sends the code of panel-material-ui, 1.5 MB, with each component of it, though a browser
    takes it from what it has, by its name. Jupyter drops what goes beyond 1 MB a second.
    """
    render: Any = MaterialComponent.__dict__["_render_esm"].__func__
    hear = MimeRenderMixin._on_msg

    def _render_esm(cls: type[MaterialComponent], *args: Any, **options: Any) -> str | None:
        code = render(cls, *args, **options)
        instead = _INSTEAD.get()
        if instead is None or not code or not cls._bundle_path:
            return code
        if instead is _SPARED:
            return ""
        name = f"jacoscope-code-{hash(code):x}"
        instead[name] = code
        return name

    def _on_msg(self: MimeRenderMixin, ref: str, manager: Any, msg: Any) -> None:
        home = _HOMES.get(state._views[ref][2]) if ref in state._views else None
        if home is None or home is asyncio.get_running_loop():
            hear(self, ref, manager, msg)
        else:
            on_loop(home, lambda: hear(self, ref, manager, msg))

    spared: Any = classmethod(_render_esm)
    MaterialComponent._render_esm = spared
    MimeRenderMixin._on_msg = _on_msg
