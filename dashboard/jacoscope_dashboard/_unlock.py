"""The link by which who started the server becomes the one whose code it runs."""

from __future__ import annotations

from typing import Any

from tornado.web import RequestHandler

from ._policy import Key, came_through_proxy

PATH = "/own"
_REFUSED = (
    "This link does not open the editor. Take the one that `jacoscope serve` printed last in your"
    " terminal: each start of the server has another."
)


class Unlock(RequestHandler):
    """Sets the cookie of a server's key for who shows its secret, and goes on to the page."""

    def initialize(self, key: Key) -> None:
        """Take the key."""
        self._key = key

    def get(self) -> None:
        """Answer the link."""
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")
        shown = self.get_query_argument("token", "")
        if came_through_proxy(self.request.headers) or not self._key.opens(shown):
            self.set_status(403)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(_REFUSED)
            return
        self.set_cookie(self._key.cookie, self._key.secret, httponly=True, samesite="Strict")
        self.redirect("/?problem=your_function")


def pattern(key: Key) -> tuple[str, type[RequestHandler], dict[str, Any]]:
    """Return the route of the link, as Panel's server takes it."""
    return PATH, Unlock, {"key": key}


def link(root: str, key: Key) -> str:
    """Return the link, below a server's address."""
    return f"{root}{PATH}?token={key.secret}"
