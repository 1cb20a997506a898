"""What a server takes from a stranger: where it comes from, how often, and what it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.served import Served

Serving = Callable[..., Served]
OUR_OWN = "http://localhost:{port}"
QUERIES = {
    "superscript": "batch=²",
    "digits": f"batch={'7' * 5000}",
    "nan": "batch=nan&time_limit=nan",
    "overflow": "batch=1e999&memory_limit=1e999",
    "brackets": f"knobs={'[' * 30_000}",
    "unknown": "colour=red&__class__=x&problem=none",
    "no text": "problem=%ff%fe%00&tab=%00",
    "repeated": "batch=1&" * 800,
    "no pairs": "&&&===;;;%",
}


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:{port}.evil.example",
        "http://localhost.evil.example:{port}",
        "http://evil.example#localhost:{port}",
        "http://localhost",
        "https://localhost:1",
        "http://[",
        "null",
        "",
        None,
    ],
)
def test_a_page_of_another_place_does_not_connect(serving: Serving, origin: str | None) -> None:
    assert serving().socket(origin) == 403


@pytest.mark.parametrize("origin", [OUR_OWN, "http://127.0.0.1:{port}", "http://[::1]:{port}"])
def test_our_own_page_connects(serving: Serving, origin: str) -> None:
    assert serving().socket(origin) == 101


def test_a_machine_by_another_name(serving: Serving) -> None:
    """As where somebody has a name of theirs lead here."""
    server = serving()
    assert server.socket("http://evil.example:{port}", host=f"evil.example:{server.port}") == 403


def test_a_name_that_was_given_connects(serving: Serving) -> None:
    server = serving("--visits", "3", "--origin", "plots.example.org")
    assert server.socket("https://plots.example.org") == 101
    assert server.socket("https://plots.example.org:8443") == 403


def test_a_forged_visit(serving: Serving) -> None:
    server = serving()
    assert server.get("/?bokeh-session-id=guess").status == 403
    assert server.get("/", **{"Bokeh-Session-Id": "guess"}).status == 403


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_of_anything(serving: Serving, name: str) -> None:
    server = serving()
    before = len(server.log.read_text())
    answer = server.get(f"/?{quote(QUERIES[name], safe='=&%;[]')}")
    assert answer.status == 200
    assert "Jacoscope" in answer.text
    _quiet(server.logged(before))


@pytest.mark.parametrize("query", ["1" * 1_000_000, "batch=1&" * 5_000])
def test_a_query_that_is_too_long(serving: Serving, query: str) -> None:
    server = serving()
    before = len(server.log.read_text())
    try:
        assert server.get(f"/?batch={query}").status == 400
    except ConnectionError:
        pass  # it listens no longer
    _quiet(server.logged(before))
    assert server.get().status == 200


def test_a_secret_is_not_in_the_log(serving: Serving) -> None:
    server = serving()
    before = len(server.log.read_text())
    assert server.get(f"/own?token={'guess' * 1000}").status == 403
    log = server.logged(before)
    assert "403 GET /own" in log
    assert "guess" not in log
    _quiet(log)


def test_so_many_visits_at_once(serving: Serving) -> None:
    server = serving("--visits", "3")
    tokens = [server.token() for _ in range(3)]
    full = server.get()
    assert full.status == 503
    assert int(full.headers["Retry-After"]) > 0
    assert "serves 3 visits at once" in full.text
    assert server.socket(OUR_OWN, tokens[0]) == 101  # who is in stays in
    for token in ("", "guess", "W10", "e30", "eyJzZXNzaW9uX2lkIjogIngifQ", "W1tb" * 9_000):
        assert server.socket(OUR_OWN, token) == 503, token
    assert server.get("/static/js/bokeh.min.js").status == 200
    end = time.monotonic() + 60
    while server.get().status != 200:  # those that nobody opened end
        assert time.monotonic() < end
        time.sleep(1)
    assert "Traceback" not in server.log.read_text()


def test_what_it_allows_is_said(serving: Serving) -> None:
    said = serving("--visits", "3").said
    assert "Visits: 3 at once." in said
    assert "for who opened the second link" in said


def _quiet(log: str) -> None:
    assert "Traceback" not in log
    assert all(len(line) <= 200 for line in log.splitlines())
