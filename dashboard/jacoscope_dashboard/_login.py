"""Who may see the page at all: those who log in, where the server asks for it.

Panel has the cookies and the OAuth; the form is ours, for Panel's fetches its logo from another
host and carries no token against forged requests. Everything but the form is behind the login,
scripts and style sheets as well.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from panel.auth import AUTH_PROVIDERS, BasicAuthProvider
from panel.config import config
from panel.io.server import DocHandler
from tornado.web import HTTPError, RequestHandler

from ._theme import MARK, static

_COOKIE = "user"  # Panel's, signed
_WRONG_S = 1.0  # what a wrong password waits
_WAITING = 20  # wrong passwords at once; more are sent away
_SHORTEST = 8
_FORM = Template(static("login.html"))
_USER = '<label>Name<input name="username" autocomplete="username" required autofocus></label>'
_PASSWORD = (
    '<label>Password<input name="password" type="password" autocomplete="current-password"'
    " required{}></label>"
)
_REFUSED = "This is not the password."
_BUSY = "Too many wrong passwords are being tried. Try again in a minute."
_OAUTH = ("PANEL_OAUTH_KEY", "PANEL_OAUTH_SECRET", "PANEL_COOKIE_SECRET")


@dataclass(frozen=True)
class Login:
    """How visitors log in.

    Attributes:
        who: Who may come in, for who started the server.
        settings: What `panel.serve` takes.
    """

    who: str
    settings: Mapping[str, Any]


def basic_login(given: str) -> Login:
    """Return the login by one password, or by a file of users and theirs.

    Args:
        given: As Panel's `--basic-auth`: a password, or the path of a JSON file, user → password.

    Raises:
        ValueError: The file can't be read, or a password is shorter than any that is taken.
    """
    users = _users(Path(given)) if Path(given).is_file() else None
    for password in [given] if users is None else users.values():
        if len(password) < _SHORTEST:
            raise ValueError(f"must have passwords of {_SHORTEST} characters or more")
    who = "who knows the password" if users is None else f"the {len(users)} named in the file"
    provider = _Provider(given if users is None else users)
    return Login(who, {"auth_provider": provider, "cookie_secret": _cookie_secret()})


def oauth_login(provider: str) -> Login:
    """Return the login by one of Panel's OAuth providers.

    Its key and secrets are in Panel's own variables of the environment.

    Raises:
        ValueError: Panel knows no such provider, or a variable that it needs is not set.
    """
    if provider not in (known := sorted(AUTH_PROVIDERS)):
        raise ValueError(f"must be one of {', '.join(known)}, but got {provider!r}")
    missing = [name for name in _OAUTH if not os.environ.get(name)]
    if missing:
        raise ValueError(f"needs {', '.join(missing)} in the environment, see Panel's guide")
    settings = {"oauth_provider": provider, "cookie_secret": _cookie_secret()}
    return Login(f"who logs in at {provider}", settings)


def lock(application: Any) -> None:
    """Have a server that asks for a login ask for it at each of its routes."""
    provider = application.auth_provider
    doors = {provider.login_handler, provider.logout_handler}
    for rule in application.wildcard_router.rules:
        if rule.target not in doors:
            rule.target = type(rule.target.__name__, (_Locked, rule.target), {})


class _Locked(RequestHandler):
    """Answers those who have logged in; a page leads the others to the form by itself."""

    async def prepare(self) -> None:
        done: Any = super().prepare()
        if done is not None:
            await done
        if self._finished or isinstance(self, DocHandler):
            return
        user = self.current_user if isinstance(self, AuthRequestHandler) else await self._asked()
        if user is None:
            raise HTTPError(403, reason="Log in first")

    async def _asked(self) -> Any:
        application: Any = self.application
        provider = application.auth_provider
        if provider.get_user_async is not None:
            return await provider.get_user_async(self)
        return provider.get_user(self)


class _Provider(BasicAuthProvider):
    """Panel's, with the form of this page, and without guests."""

    def __init__(self, accepted: str | Mapping[str, str]) -> None:
        super().__init__()
        self.accepted = accepted

    def _allow_guest(self, uri: str) -> bool:
        del uri
        return False

    @property
    def login_handler(self) -> Any:
        return _Form

    @property
    def logout_handler(self) -> Any:
        return _Out


class _Form(RequestHandler):
    """Asks for the password, and slows down who guesses."""

    waiting = 0

    def get(self) -> None:
        self._show(self.get_query_argument("next", "/"))

    async def post(self) -> None:
        given = ("username", "password")
        name, password = (self.get_body_argument(each, "", strip=False) for each in given)
        further = self.get_body_argument("next", "/")
        if _Form.waiting >= _WAITING:
            self.set_status(429)
            self._show(further, _BUSY)
        elif self._is_right(name, password):
            who = name or "visitor"
            self.set_secure_cookie(_COOKIE, who, config.oauth_expiry, httponly=True, samesite="Lax")
            self.redirect(_within(further))
        else:
            _Form.waiting += 1
            await asyncio.sleep(_WRONG_S)
            _Form.waiting -= 1
            self.set_status(403)
            self._show(further, _REFUSED)

    def _is_right(self, username: str, password: str) -> bool:
        accepted = _accepted(self)
        known = accepted if isinstance(accepted, str) else accepted.get(username, "")
        return hmac.compare_digest(known.encode(), password.encode()) and known != ""

    def _show(self, further: str, wrong: str = "") -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Frame-Options", "DENY")
        alone = isinstance(_accepted(self), str)
        fields = _PASSWORD.format(" autofocus") if alone else _USER + _PASSWORD.format("")
        form = _FORM.substitute(
            mark=MARK,
            wrong=f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else "",
            xsrf=self.xsrf_form_html(),
            next=escape(_within(further)),
            fields=fields,
        )
        self.finish(form)


class _Out(RequestHandler):
    """Forgets who has logged in, and shows the form."""

    def get(self) -> None:
        self.clear_cookie(_COOKIE)
        self.redirect("/login")


def _accepted(handler: Any) -> str | Mapping[str, str]:
    return handler.application.auth_provider.accepted


def _users(path: Path) -> dict[str, str]:
    try:
        users = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"must be a JSON file of users and passwords: {error}") from error
    texts = isinstance(users, dict) and all(isinstance(each, str) for each in users.values())
    if not texts or not users:
        raise ValueError('must be a JSON file such as {"ann": "her password"}')
    return users


def _cookie_secret() -> str:
    """Return what cookies are signed with: servers behind one proxy may share it."""
    return os.environ.get("PANEL_COOKIE_SECRET") or secrets.token_hex(32)


def _within(further: str) -> str:
    """Return where to go after the login: a path of this server, whatever was asked for."""
    parts = urlsplit(further)
    outside = parts.scheme or parts.netloc or "\\" in further or not further.startswith("/")
    return "/" if outside or further.startswith("//") else further
