"""A server that asks for a login: what is behind it, and who gets in."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tornado.web import create_signed_value

from tests.served import Served

Serving = Callable[..., Served]
USERS = {"ann": "correct horse", "bob": "battery staple"}
OUR_OWN = "http://localhost:{port}"
LISTED = re.compile("^ROUTE (.*)$", re.MULTILINE)
LISTING = """
import sys
from bokeh.server.server import BaseServer
from jacoscope_dashboard import _cli

def listing(self):
    for rule in self._tornado.wildcard_router.rules:
        print("ROUTE", rule.matcher.regex.pattern, file=sys.__stdout__)

BaseServer.run_until_shutdown = listing
sys.exit(_cli.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("users") / "users.json"
    path.write_text(json.dumps(USERS))
    return path


@pytest.fixture
def asking(serving: Serving, users: Path) -> Served:
    return serving("--basic-auth", str(users))


def test_every_route_is_behind_the_login(asking: Served, users: Path) -> None:
    options = ("serve", "--port", "0", "--basic-auth", str(users))
    listed = subprocess.run(
        [sys.executable, "-c", LISTING, *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    routes = LISTED.findall(listed.stdout)
    assert len(routes) > 8
    seen = set()
    for route in routes:
        path = path_of(route)
        seen.add(path.partition("?")[0])
        answer = asking.get(path)
        if path in ("/login", "/logout"):
            assert answer.status in (200, 302)
            continue
        to_form = answer.status == 302 and "/login?" in answer.headers["Location"]
        assert to_form or answer.status == 403, (route, path, answer.status)
    assert {"/", "/ws", "/autoload.js", "/metadata", "/liveness", "/static/x"} <= seen


def path_of(route: str) -> str:
    """Return a path that a pattern of a route matches."""
    bare = route.removesuffix("$").removesuffix("/?").removesuffix(".*")
    path = re.sub(r"\((?:[^()]|\([^()]*\))*\)", "x", bare).replace("\\", "") or "/"
    assert re.compile(route).match(path), (route, path)
    return f"{path}?bokeh-autoload-element=x" if path.endswith("autoload.js") else path


def test_scripts_and_style_sheets_too(asking: Served) -> None:
    assert asking.get("/static/js/bokeh.min.js").status == 403
    cookie = asking.log_in("ann", USERS["ann"]).cookie("user")
    assert asking.get("/static/js/bokeh.min.js", Cookie=cookie).status == 200


def test_no_websocket_without_a_login(asking: Served) -> None:
    cookie = asking.log_in("ann", USERS["ann"]).cookie("user")
    token = asking.token(Cookie=cookie)
    assert asking.socket(OUR_OWN, token) == 403
    assert asking.socket(OUR_OWN, token, Cookie="user=ann") == 403
    assert asking.socket(OUR_OWN, token, Cookie=cookie) == 101


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", "battery staple"),
        ("ann", ""),
        ("carol", ""),
        ("", ""),
        ("ann", "correct horse "),
        ("ann\x00", "correct horse"),
        ("änn", "pässword"),
    ],
)
def test_a_wrong_password(asking: Served, name: str, password: str) -> None:
    answer = asking.log_in(name, password)
    assert answer.status == 403
    assert "This is not the password." in answer.text
    assert not any(each.startswith("user=") for each in answer.cookies)


def test_the_form_takes_what_it_gave_only(asking: Served) -> None:
    given = urlencode({"username": "ann", "password": USERS["ann"]})
    assert asking.ask("POST", "/login", given).status == 403  # a form on another site


def test_a_forged_cookie(asking: Served) -> None:
    for secret in ("", "secret", "0" * 64):
        forged = create_signed_value(secret, "user", "ann").decode()
        assert asking.get("/", Cookie=f"user={forged}").status == 302
    assert asking.get("/", Cookie="is_guest=1").status == 302


@pytest.mark.parametrize(
    ("further", "place"),
    [
        ("/?problem=banded", "/?problem=banded"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_where_a_login_leads(asking: Served, further: str, place: str) -> None:
    answer = asking.log_in("ann", USERS["ann"], further)
    assert answer.status == 302
    assert answer.headers["Location"] == place


def test_a_place_is_text_in_the_form(asking: Served) -> None:
    form = asking.get("/login?" + urlencode({"next": '/"><script>x</script>'}))
    assert "<script" not in form.text


def test_who_guesses_is_sent_away(asking: Served) -> None:
    with ThreadPoolExecutor(40) as guessers:
        answers = list(guessers.map(lambda k: asking.log_in("ann", f"guess {k}"), range(40)))
    assert {answer.status for answer in answers} == {403, 429}
    assert asking.log_in("ann", USERS["ann"]).status == 302  # who knows it comes in


def test_who_logged_out_is_out(asking: Served) -> None:
    cookie = asking.log_in("ann", USERS["ann"]).cookie("user")
    page = asking.get("/", Cookie=cookie)
    assert page.status == 200
    left = asking.get("/logout", Cookie=cookie)
    assert left.headers["Location"] == "/login"
    assert left.cookie("user") in ("user=", 'user=""')


def test_one_password_for_all(serving: Serving) -> None:
    server = serving("--basic-auth", "one for all of us")
    assert 'name="username"' not in server.get("/login").text
    assert server.log_in("", "one for all of us").status == 302
    assert server.log_in("ann", "another one").status == 403


def test_oauth_leads_to_its_provider(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PANEL_OAUTH_KEY", "PANEL_OAUTH_SECRET", "PANEL_COOKIE_SECRET"):
        monkeypatch.setenv(name, "x" * 40)
    server = serving("--oauth-provider", "github")
    assert "/login?" in server.get("/").headers["Location"]
    assert server.get("/login").headers["Location"].startswith("https://github.com/login/oauth")
    assert server.get("/static/js/bokeh.min.js").status == 403
    assert server.get("/liveness").status == 403
