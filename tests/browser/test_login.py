"""A login by the keyboard, in front of a server that runs code of those who have logged in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_MS, SHOWN, Server, Visit
from tests.served import Served, started

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
CODE = """import jax.numpy as jnp
from pathlib import Path

Path({marker!r}).touch()
x = jnp.array([1.0, 2.0, 3.0])


def f(x):
    return x[:2] * x.sum()
"""


@pytest.fixture
def asking(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    del browser  # its loop has to be there first
    log = tmp_path_factory.mktemp("asking") / "log"
    server = started(("--basic-auth", PASSWORD, "--allow-code", "trusted"), log)
    yield server
    server.process.terminate()
    server.process.communicate(timeout=60)


def test_a_login_its_code_and_its_end(browser: Any, asking: Served, tmp_path: Any) -> None:
    assert "WITH ALL THE RIGHTS" in asking.said
    address = f"http://localhost:{asking.port}"
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    visit = Visit(context.new_page(), Server(address, address, asking.log))
    page = visit.page
    page.set_default_timeout(PATIENCE_MS)
    visit.listen()
    page.goto(f"{address}/?problem=your_function")
    page.keyboard.type("wrong password")
    page.keyboard.press("Enter")
    visit.says("This is not the password.")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(SHOWN)
    assert page.url == f"{address}/?problem=your_function"
    area = page.get_by_label("Code of your function")
    marker = tmp_path / "marker"
    area.fill(CODE.format(marker=str(marker)))
    assert not marker.exists()
    area.press("Control+Enter")
    visit.says("2 VJPs against 3 JVPs")
    assert marker.exists()
    page.get_by_role("link", name="Log out", exact=True).click()
    page.get_by_label("Password").wait_for()
    page.goto(address)
    page.get_by_label("Password").wait_for()
    assert [each for each in visit.wrong if "403" not in each] == []
    context.close()
