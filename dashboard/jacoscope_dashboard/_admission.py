"""Who may come in, and when they have left.

So many visits at once, and websockets only from the page's own address. A visit ends soon after its
page was closed. One that was fetched and has not connected yet keeps Bokeh's 15 s: a browser may
have to load a few megabytes of scripts first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from bokeh.protocol.exceptions import ProtocolError
from bokeh.server import urls
from bokeh.server.views.session_handler import SessionHandler
from bokeh.server.views.ws import WSHandler
from bokeh.util.token import get_session_id
from tornado.web import HTTPError, RequestHandler

from ._reading import is_loopback

VISITS = "jacoscope_visits"  # the setting of a server: how many at once
_PORTS = {"http": 80, "https": 443}
EVERYWHERE = ("0.0.0.0", "::", "")  # what a server listens on for all of a machine's addresses
_RETRY_S = 30  # a visit that nobody opened ends after some 15 s
_AWAY_S = 5.0  # a page that lost its websocket may be back by then
LOOK_MS = 1_000  # between two looks for visits that have ended
_FULL = (
    "Jacoscope serves {} visits at once, and all of them are taken. Close a page of it that you no"
    " longer need, or try again in half a minute."
)


class _Counted(RequestHandler):
    """Makes a visit, unless there are as many as the server takes: then it says when to ask."""

    async def prepare(self) -> None:
        await _prepared(super().prepare())
        if not self._finished and _full(self):
            self.set_status(503)
            self.set_header("Retry-After", str(_RETRY_S))
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(_FULL.format(self.settings[VISITS]))


class _Placed(RequestHandler):
    """A websocket of a page that may connect, by its whole name.

    Tornado lets in who says nothing of a page, and who calls this machine by a name of their own.
    Every browser says where a page is from.

    It takes up a visit that is there; of one that has ended it makes a new one, which counts.
    """

    def check_origin(self, origin: str) -> bool:
        """Whether a page may connect, which `prepare` has decided."""
        ours = VISITS in self.settings  # else it is another's server in this process
        return ours or bool(vars(WSHandler)["check_origin"](self, origin))

    async def prepare(self) -> None:
        await _prepared(super().prepare())
        if self._finished or VISITS not in self.settings:
            return
        if _netloc(self.request.headers.get("Origin", "")) not in _pages(self):
            raise HTTPError(403, reason="This page may not connect")
        if _full(self) and not _is_there(self):
            raise HTTPError(503, reason="All visits are taken")

    def on_close(self) -> None:
        """Have the visit end soon, unless its page is back by then."""
        session: Any = getattr(getattr(self, "connection", None), "session", None)
        handler: Any = super()
        handler.on_close()
        if session is not None and VISITS in self.settings:
            asyncio.get_running_loop().call_later(_AWAY_S, _end_unless_back, session)


class Alive(RequestHandler):
    """Says that the server answers; makes no visit."""

    def get(self) -> None:
        """Answer."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("alive")


def shut() -> None:
    """Have every server that this process makes from here on count visits and ask for an Origin."""
    routes: list[Any] = urls.per_app_patterns
    routes[:] = [(path, _behind(handler), *rest) for path, handler, *rest in routes]


def own_origins(address: str, port: int) -> set[str]:
    """Return the hosts that a page served at an address is reached at, as far as that is known."""
    if address in EVERYWHERE:
        names = {"localhost", "127.0.0.1"}  # and whatever this machine is called elsewhere
    elif is_loopback(address):
        names = {"localhost", "127.0.0.1", "[::1]"}
    else:
        names = {f"[{address}]" if ":" in address else address}
    return {f"{name}:{port}" for name in names}


def with_ports(hosts: Iterable[str]) -> set[str]:
    """Return hosts with their ports: those of http and https, where none is given."""
    named = {host for host in hosts if host.rpartition("]")[2].count(":")}
    return named | {f"{host}:{port}" for host in {*hosts} - named for port in _PORTS.values()}


def _behind(handler: type[RequestHandler]) -> type[RequestHandler]:
    for kind, gate in ((WSHandler, _Placed), (SessionHandler, _Counted)):
        if issubclass(handler, kind) and not issubclass(handler, gate):
            behind: Any = type(handler.__name__, (gate, handler), {})
            return behind
    return handler


def _end_unless_back(session: Any) -> None:
    if session.connection_count == 0:
        session.request_expiration()


def _pages(handler: Any) -> set[str]:
    """Return the hosts of the pages that may connect."""
    return handler.application.websocket_origins


def _full(handler: Any) -> bool:
    most = handler.settings.get(VISITS)
    return most is not None and len(handler.application_context.sessions) >= most


def _is_there(handler: Any) -> bool:
    """Whether the visit of a websocket is one of those that the server holds."""
    token = handler.request.headers.get("Sec-WebSocket-Protocol", "").split(",")[-1].strip()
    try:
        handler.application_context.get_session(get_session_id(token))
    except (ValueError, KeyError, TypeError, RecursionError, ProtocolError):
        return False  # no token, or one of a visit that has ended
    return True


def _netloc(origin: str) -> str:
    """Return the host of an origin with its port; nothing where there is none."""
    try:
        parts = urlsplit(origin.lower())
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    host = parts.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _prepared(done: Any) -> None:
    if done is not None:
        await done
