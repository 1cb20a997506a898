"""Paths that lead elsewhere: nothing but the files of packages, and nothing in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.served import Served, started

ROUTES = (
    "/",
    "/own/",
    "/ws/",
    "/static/",
    "/static/js/",
    "/static/extensions/",
    "/static/extensions/panel/",
    "/components/",
    "/components/panel.widgets/Button/_stylesheets/",
    "/components/panel.template.base/BasicTemplate/_resources/",
)
WAYS = (
    "../" * 12 + "etc/passwd",
    "..%2f" * 12 + "etc/passwd",
    "%2e%2e/" * 12 + "etc/passwd",
    "..%252f" * 12 + "etc/passwd",
    "..%5c" * 12 + "etc%5cpasswd",
    "..\\" * 12 + "etc\\passwd",
    "%c0%ae%c0%ae/" * 12 + "etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "%00",
    "js%00.js",
    "%0d%0aX-Own:%20yes",
    "%ff%fe",
    "index.html/../../../__init__.py",
    "a" * 5_000,
    "/".join(["a"] * 2_000),
    "~root/.bashrc",
    "C:%5cwindows%5cwin.ini",
)
MODULES = (
    "theirs/f/__css__/x",
    "antigravity/x/_css/x",
    "..os/x/_css/x",
    "/x/_css/x",
    "os/environ/_css/x",
    "builtins/open/_css/x",
    "bokeh.models.css/InlineStyleSheet/css/x",
    "panel.reactive/ReactiveCustomBase/__css__/x",
    "panel/__path__/__css__/x",
)
THEIRS = "from pathlib import Path\nPath('ran').touch()\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that was started in a folder with a module of somebody's."""
    folder = tmp_path_factory.mktemp("folder")
    (folder / "theirs.py").write_text(THEIRS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        server = started((), tmp_path_factory.mktemp("server") / "log")
    yield server
    server.process.terminate()
    server.process.communicate(timeout=60)


def _refused(server: Served, paths: list[str]) -> None:
    before = len(server.log.read_text())
    for path in paths:
        answer = server.get(path)
        assert answer.status in (400, 403, 404), path
        assert "X-Own" not in answer.headers
        assert re.fullmatch(r"<html><title>\d+: [\w ]+</title>.{0,80}</html>", answer.text), path
    log = server.logged(before)
    assert "Traceback" not in log
    assert all(len(line) <= 200 for line in log.splitlines())


@pytest.mark.parametrize("route", ROUTES)
def test_a_path_that_leads_elsewhere(server: Served, route: str) -> None:
    _refused(server, [route + way for way in WAYS])


def test_no_module_is_imported_that_a_path_names(server: Served) -> None:
    _refused(server, [f"/components/{module}" for module in MODULES])
    folder = psutil.Process(server.process.pid).cwd()
    assert [each.name for each in Path(folder).iterdir()] == ["theirs.py"]


def test_what_a_page_needs_is_served(server: Served) -> None:
    found = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))[?"]', server.get().text)
    assert any("static/extensions" in each for each in found)
    for path in (*found, "components/panel.theme.base/DefaultTheme/base_css/css/default.css"):
        assert server.get(f"/{path.removeprefix('./')}").status == 200, path
