"""Debian's nginx in front of two servers, with the configuration of the deployment page."""

from __future__ import annotations

import re

from tests.security.conftest import NAME, PASSWORD, Proxied
from tests.served import Served


def test_visitors_stay_where_they_are(proxied: tuple[Proxied, ...], servers: list[Served]) -> None:
    """Each server signs visits with a secret of its own: another one takes none of them."""
    through = proxied[0]
    homes = set()
    for _ in range(12):
        seat = through.get("/login").cookie("jacoscope_seat")
        entered = through.log_in("ann", PASSWORD, Cookie=seat)
        assert entered.status == 302
        mine = f"{seat}; {entered.cookie('user')}"
        token = through.token(Cookie=mine)
        assert through.socket(f"https://{NAME}", token, Cookie=mine) == 101
        cookie = entered.cookie("user")
        homes.add(tuple(server.get("/", Cookie=cookie).status == 200 for server in servers))
    assert homes == {(True, False), (False, True)}, "all went to one server"


def test_cookies_are_for_tls_alone(proxied: tuple[Proxied, ...]) -> None:
    through = proxied[0]
    entered = through.log_in("ann", PASSWORD, Cookie="jacoscope_seat=x")
    assert len(entered.cookies) >= 2
    for cookie in entered.cookies:
        assert re.search("; secure", cookie, re.IGNORECASE), cookie


def test_nobody_comes_in_without_a_login(proxied: tuple[Proxied, ...]) -> None:
    through = proxied[0]
    assert "/login?" in through.get("/").headers["Location"]
    assert through.get("/static/js/bokeh.min.js").status == 403
    assert through.socket(f"https://{NAME}", "x") == 403


def test_a_page_of_another_place(proxied: tuple[Proxied, ...]) -> None:
    through = proxied[0]
    entered = through.log_in("ann", PASSWORD, Cookie="jacoscope_seat=x")
    mine = f"jacoscope_seat=x; {entered.cookie('user')}"
    token = through.token(Cookie=mine)
    assert through.socket("https://evil.example", token, Cookie=mine) == 403
    assert through.socket(f"https://{NAME}", token, Cookie=mine) == 101


def test_a_link_for_oneself_through_a_proxy(proxied: tuple[Proxied, ...]) -> None:
    """A proxy that says so is seen; one that does not leaves everybody without the cookie."""
    bare = proxied[1]
    found = re.search(r"(/own\?token=\S+)", bare.said)
    assert found is not None
    assert bare.get(found[1], **{"X-Forwarded-For": "203.0.113.7"}).status == 403
    assert bare.get("/own?token=guess").status == 403
    assert bare.get(found[1]).status == 302  # who knows the secret is who read the terminal
