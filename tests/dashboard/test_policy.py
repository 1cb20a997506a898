"""Whose code may run, decided without a browser; with one: tests/browser/test_own.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jacoscope_dashboard import _policy
from jacoscope_dashboard._policy import Key, came_through_proxy, policy_here, policy_of_visit
from jacoscope_dashboard._unlock import link


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A visit to a server: its cookies and headers can be set."""
    document = SimpleNamespace(session_context=object())
    state = SimpleNamespace(curdoc=document, cookies={}, headers={"Host": "localhost:5006"})
    monkeypatch.setattr(_policy.pn, "state", state)
    monkeypatch.delenv("JACOSCOPE_ALLOW_CODE", raising=False)
    return state


def test_a_notebook_and_a_script_run_their_own_code() -> None:
    assert policy_here().allowed


def test_under_panel_serve_code_has_to_be_allowed(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    del visit
    assert not policy_here().allowed
    assert "`jacoscope serve`" in policy_here().reason
    for value in ("0", "", "yes"):
        monkeypatch.setenv("JACOSCOPE_ALLOW_CODE", value)
        assert not policy_here().allowed
    monkeypatch.setenv("JACOSCOPE_ALLOW_CODE", "1")
    assert policy_here().allowed


def test_the_key_is_asked_for(visit: Any) -> None:
    key = Key.new()
    assert "second link" in policy_of_visit(key).reason
    for shown in ("", "guess", key.secret[:-1], f"{key.secret} ", "ä"):
        visit.cookies = {key.cookie: shown}
        assert not policy_of_visit(key).allowed
    visit.cookies = {key.cookie: key.secret}
    assert policy_of_visit(key).allowed
    assert not policy_of_visit(Key.new()).allowed


def test_without_a_key_nothing_helps(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACOSCOPE_ALLOW_CODE", "1")
    visit.cookies = {"jacoscope": ""}
    assert not policy_of_visit(None).allowed


@pytest.mark.parametrize("header", ["X-Forwarded-For", "forwarded", "Via", "X-Real-Ip"])
def test_what_came_through_a_proxy_is_not_trusted(visit: Any, header: str) -> None:
    key = Key.new()
    visit.cookies = {key.cookie: key.secret}
    visit.headers = {"Host": "localhost", header: "127.0.0.1"}
    assert came_through_proxy(visit.headers)
    assert "proxy" in policy_of_visit(key).reason


def test_keys_differ_and_are_long() -> None:
    one, other = Key.new(), Key.new()
    assert one.secret != other.secret
    assert one.cookie != other.cookie
    assert len(one.secret) >= 40
    assert link("http://localhost:5006", one).endswith(f"/own?token={one.secret}")


def test_code_of_those_who_have_logged_in(visit: Any) -> None:
    visit.headers = {"X-Forwarded-For": "203.0.113.7"}  # wherever they come from
    for user in (None, "", "guest"):
        visit.user = user
        assert not policy_of_visit(None, users=True).allowed
        assert "logged in" in policy_of_visit(None, users=True).reason
    visit.user = "ann"
    assert policy_of_visit(None, users=True).allowed
    assert not policy_of_visit(None).allowed
