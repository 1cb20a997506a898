"""One's own function: who gets the editor, what it does, and that nothing runs unasked."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

CODE = """import jax.numpy as jnp


def f(x):
    return x[:2] * x.sum()


x = jnp.array([1.0, 2.0, 3.0])
"""


def test_the_editor_takes_a_function(visit: Visit) -> None:
    visit.open_own()
    page = visit.page
    assert "token" not in page.url
    area = page.get_by_label("Code of your function")
    area.fill(CODE)
    visit.says("You have changed it")
    area.press("Control+Enter")
    visit.says("2 VJPs against 3 JVPs")
    visit.says("The page is about this code")
    area.fill(CODE.replace("x.sum()", "x.sum("))
    page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("of the code can't be read")
    area.fill(CODE.replace("x[:2]", "x"))
    page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("3 VJPs against 3 JVPs")
    page.get_by_role("tab", name="Code", exact=True).click()
    script = page.get_by_label("Code", exact=True).filter(has_text="return x * x.sum()")
    script.first.wait_for()


def test_a_link_brings_code_that_is_read_before_it_runs(visit: Visit) -> None:
    visit.open_own()
    page = visit.page
    area = page.get_by_label("Code of your function")
    area.fill(CODE)
    area.press("Control+Enter")
    visit.says("2 VJPs against 3 JVPs")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name="Code", exact=True).click()
    visit.says("Who opens it reads the code before it runs")
    page.get_by_role("button", name="Copy link", exact=True).click()
    visit.says("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    visit.go_to(link.replace("tab=code", "tab=jacobian"))
    visit.says("This code came with the link, and has not run")
    assert area.input_value() == CODE
    visit.says("8 VJPs against 12 JVPs")  # the example's
    assert "#" not in page.url
    page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("2 VJPs against 3 JVPs")
    page.context.clear_cookies()
    page.goto("about:blank")
    visit.go_to(link.replace("tab=code", "tab=jacobian"))
    visit.says("The link carries code")
    assert area.count() == 0


def test_a_link_on_another_site_opens_no_editor(visit: Visit) -> None:
    visit.open_own()
    other = visit.page.context.new_page()
    address = f"{visit.server.address}/?problem=your_function#code=QQ"
    other.set_content(f'<a href="{address}">Look</a>')
    other.get_by_role("link").click()
    other.get_by_text("The link carries code").first.wait_for()
    assert other.get_by_label("Code of your function").count() == 0
    other.close()


def test_a_draft_is_there_after_a_reload(visit: Visit) -> None:
    visit.open_own()
    area = visit.page.get_by_label("Code of your function")
    area.fill(CODE)
    visit.says("You have changed it")
    visit.type("Shape of x", "5")
    visit.page.wait_for_function("localStorage['jacoscope.draft'].includes('shape=5')")
    visit.page.reload()
    visit.says("what the editor held when you were last here. It has not run since")
    assert area.input_value() == CODE
    visit.says("8 VJPs against 12 JVPs")
    visit.page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("2 VJPs against 5 JVPs")


def test_keys_in_the_editor(visit: Visit) -> None:
    visit.open_own()
    area = visit.page.get_by_label("Code of your function")
    area.fill("")
    area.press_sequentially("def f(x):")
    area.press("Enter")
    area.press_sequentially("return x")
    assert area.input_value() == "def f(x):\n    return x"
    area.press("Tab")
    assert area.input_value().endswith("return x    ")
    area.press("Escape")
    area.press("Tab")
    name = visit.page.evaluate(
        """() => {
            let at = document.activeElement
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
            return at?.textContent
        }"""
    )
    assert name == "Use it"


def test_a_shape_and_a_file(visit: Visit, tmp_path_factory: pytest.TempPathFactory) -> None:
    visit.open_own()
    visit.page.get_by_label("Code of your function").fill("def f(x):\n    return x[:2].sum(1)\n")
    visit.type("Shape of x", "3x4")
    visit.page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("2 VJPs against 12 JVPs")
    path = tmp_path_factory.mktemp("arrays") / "x.npz"
    np.savez(path, x=np.ones((5, 2)))
    visit.page.locator("input[type=file]").first.set_input_files(path)
    visit.says("x comes from the file")
    visit.page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("2 VJPs against 10 JVPs")


def test_only_who_has_the_link_gets_the_editor(visit: Visit) -> None:
    visit.open("?problem=your_function")
    visit.says("open the second link that")
    assert visit.page.get_by_label("Code of your function").count() == 0
    request = visit.page.context.request
    server = urlparse(visit.server.own)
    for query, headers in (
        ("", {}),
        ("?token=", {}),
        ("?token=guess", {}),
        (f"?{server.query}x", {}),
        (f"?{server.query}", {"X-Forwarded-For": "127.0.0.1"}),
    ):
        answer = request.get(f"{visit.server.address}/own{query}", headers=headers)
        assert answer.status == 403, query
        assert "does not open the editor" in answer.text()
    assert visit.page.context.cookies() == []


def test_the_cookie_is_for_this_site_alone(visit: Visit) -> None:
    visit.open_own()
    [cookie] = visit.page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert visit.page.evaluate("document.cookie") == ""
    visit.open("?problem=your_function")
    visit.page.get_by_label("Code of your function").wait_for()
    assert re.search("token|own", visit.page.url.replace("your_function", "")) is None


def test_a_file_that_is_too_large_is_not_sent(visit: Visit, tmp_path: Path) -> None:
    visit.open_own()
    sent: list[int] = []
    visit.page.on("websocket", lambda it: it.on("framesent", lambda data: sent.append(len(data))))
    visit.page.reload()
    visit.page.get_by_label("Code of your function").wait_for()
    large = tmp_path / "large.npz"
    with large.open("wb") as file:
        file.truncate(60_000_000)
    refused = "exceeds maximum file size"  # as the browser says it to who looks there
    with visit.page.expect_console_message(lambda message: refused in message.text):
        visit.page.locator("input[type=file]").first.set_input_files(large)
    visit.says("The file may have 50 MB at most")
    assert sum(sent) < 1_000_000
    visit.wrong = [each for each in visit.wrong if refused not in each]
    path = tmp_path / "x.npy"
    np.save(path, np.ones((1_000, 400)))
    visit.page.locator("input[type=file]").first.set_input_files(path)
    visit.says("x comes from the file")
    assert sum(sent) > 3_200_000  # in parts
