"""Whose code may run: decided when the server starts, never from where a request comes from.

Behind a proxy every visitor seems to come from this machine, so an address proves nothing. What
proves that a visitor is who started `jacoscope serve` is a secret that only the terminal has
shown: its link sets a cookie, and with the cookie there is an editor on the page.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import panel as pn

from ._place import served

Code = Literal["trusted", "sandbox"]  # how code of those who have logged in runs

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_NOT_SERVED = "With this server only the problems that it ships with are run. Your own function:"
_ELSEWHERE = " `jacoscope serve` on your own machine, or `explore(f, x)` in a notebook."
_LINK = (
    "For your own function open the second link that `jacoscope serve` printed in your terminal:"
    " it tells that you are the one who started it."
)
_LOG_IN = "With this server only the code of those who have logged in is run."
_PROXY = "This page came through a proxy, where code of visitors is never run."


@dataclass(frozen=True)
class Policy:
    """Whether a visitor may have code of their own run.

    Attributes:
        allowed: Whether they may.
        reason: Why not, and what to do, in a sentence; empty where they may.
    """

    allowed: bool
    reason: str = ""


@dataclass(frozen=True)
class Key:
    """The secret of one server, and the cookie that carries it."""

    secret: str
    cookie: str

    @classmethod
    def new(cls) -> Key:
        """Make one; a browser shares cookies between the ports of a host, so each has its name."""
        return cls(secrets.token_urlsafe(32), f"jacoscope-{secrets.token_hex(4)}")

    def opens(self, shown: str) -> bool:
        """Whether a text is the secret; takes as long whatever it is."""
        return hmac.compare_digest(self.secret.encode(), shown.encode())


def policy_of_visit(key: Key | None, *, users: bool = False) -> Policy:
    """Decide for the visit that is under way, to a server with a key, or without.

    Args:
        key: The key of `jacoscope serve` on this machine's loopback interface; None elsewhere.
        users: Whether the server runs code of those who log in, wherever they come from.
    """
    if users:
        return Policy(True) if logged_in() else Policy(False, _LOG_IN)
    if key is None:
        return Policy(False, _NOT_SERVED + _ELSEWHERE)
    if came_through_proxy(pn.state.headers):
        return Policy(False, _PROXY)
    if not key.opens(pn.state.cookies.get(key.cookie, "")):
        return Policy(False, _LINK)
    return Policy(True)


def logged_in() -> bool:
    """Whether the visit that is under way is of someone who has logged in, and is no guest."""
    return pn.state.user not in (None, "", "guest")


def policy_here() -> Policy:
    """Decide where nobody has said anything: in a notebook, a script, or under `panel serve`."""
    if served() is None:
        return Policy(True)  # the code of a notebook, or a script, runs anyway
    if os.environ.get("JACOSCOPE_ALLOW_CODE") == "1":
        return Policy(True)
    return Policy(False, _NOT_SERVED + _ELSEWHERE)


def came_through_proxy(headers: Iterable[str]) -> bool:
    """Whether a request's headers say that somebody passed it on."""
    return any(name.lower() in _FORWARDED for name in headers)
