"""The widget in JupyterLab: a cell is run, the widget is used, and the kernel goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlparse

import pytest

from lab import lab
from tests.browser.conftest import PATIENCE_MS, Server, Visit
from tests.hostile import HOSTILE, shown, traces

pytestmark = pytest.mark.browser

FUNCTION = f"""
import jax.numpy as jnp
from jacoscope_dashboard import explore

NAME = {HOSTILE!r}

def f(x):
    return {{NAME: jnp.tanh(x[NAME]) * x[NAME].sum()}}

f.__name__ = NAME
explorer = explore(f, {{NAME: jnp.ones(6)}})
explorer.experiment.time_limit = 600
explorer
"""
# As in VS Code, where Panel shows an ipywidget: nothing that draws it stands in the notebook.
AS_WIDGET = f"""
import os
os.environ["VSCODE_PID"] = "1"
{FUNCTION}
"""
MEASURED = re.compile(r"rows measured: \d+ of \d+")
GONE = "No kernel answers"
AFTERWARDS = """
shown = explorer.study.to_frame()
print("rows measured:", (shown["status"] == "ok").sum(), "of", len(shown))
"""


@pytest.fixture(scope="module")
def running(browser: Any) -> Iterator[Server]:
    """JupyterLab with one notebook; after the browser, whose loop it must not stand in."""
    notebooks = {
        "own": [FUNCTION, AFTERWARDS],
        "widget": [AS_WIDGET, AFTERWARDS],
        "lost": [FUNCTION],
    }
    with lab(notebooks, PATIENCE_MS / 1e3) as found:
        yield Server(found.address, found.address, found.log)


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def opened(context: Any, running: Server) -> Callable[[str], Visit]:
    """Opens a notebook, and waits until its kernel is at rest."""

    def opened(name: str) -> Visit:
        visit = Visit(context.new_page(), running)
        visit.page.set_default_timeout(PATIENCE_MS)
        visit.listen()
        visit.page.goto(f"{running.address}/lab/workspaces/{name}/tree/{name}.ipynb")
        visit.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        return visit

    return opened


def run_cell(page: Any, number: int) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Shift+Enter")


def test_a_function_is_explored_and_the_kernel_goes_on(opened: Callable[[str], Visit]) -> None:
    notebook = opened("own")
    page = notebook.page
    run_cell(page, 0)
    page.locator(".bk-Figure").first.wait_for()
    notebook.says("Try ")  # the advice
    notebook.says("6 outputs by 6 inputs")
    device = page.get_by_role("combobox", name="Device", exact=True)
    device.filter(has_text="cpu:0").wait_for()
    assert page.get_by_text("Computing the matrix").filter(visible=True).count() == 0
    page.get_by_role("button", name="Run", exact=True).click()
    assert notebook.verdict()
    page.get_by_role("tab", name="Compare").wait_for()
    page.get_by_role("row").filter(has_text="jax.jacrev").first.wait_for()
    shown(page.locator(".subject"))
    assert traces(page) == []
    run_cell(page, 1)
    page.get_by_text(MEASURED).wait_for()
    assert page.get_by_text(GONE).filter(visible=True).count() == 0
    page.keyboard.press("Control+s")
    assert saved(page) < 12e6

    end_kernels(page)
    page.reload()
    notebook.says(GONE)
    page.get_by_role("img", name="Jacobian: 6 outputs by 6 inputs").wait_for()
    page.get_by_role("rowheader", name="jax.jacrev").filter(visible=True).first.wait_for()
    widget = page.get_by_role("button", name="Run", exact=True, include_hidden=True)
    widget.wait_for(state="attached")
    widget.wait_for(state="hidden")
    shown(page.locator(".jp-OutputArea-output"))
    assert traces(page) == []

    run_cell(page, 0)  # and on it goes
    page.locator(".bk-Figure").first.wait_for()
    page.get_by_text(GONE).wait_for(state="hidden")
    widget.wait_for()
    assert notebook.wrong == []


def test_as_an_ipywidget(opened: Callable[[str], Visit]) -> None:
    notebook = opened("widget")
    page = notebook.page
    run_cell(page, 0)
    notebook.says("6 outputs by 6 inputs")
    page.locator(".bk-Figure").first.wait_for()
    page.get_by_text(GONE).wait_for(state="hidden")  # the kernel has answered
    page.get_by_role("button", name="Run", exact=True).click()
    assert notebook.verdict()
    run_cell(page, 1)
    page.get_by_text(MEASURED).wait_for()
    page.wait_for_timeout(4500)  # by now a widget that nobody answers would hide itself
    assert page.get_by_role("button", name="Run", exact=True).is_visible()
    # Panel has the style sheets of an ipywidget fetched from its own host; all else is here.
    outside = [each for each in notebook.wrong if each.startswith("outside: ")]
    assert all(urlparse(each).path.endswith(".css") for each in outside), outside
    unknown = [each for each in notebook.wrong if "ERR_" not in each and each not in outside]
    assert unknown == []


def test_a_first_word_that_is_lost(opened: Callable[[str], Visit], context: Any) -> None:
    """A kernel loses what it reads before it has opened the channel: the widget asks again."""
    words: list[bytes] = []

    def pass_on(socket: Any) -> None:
        server = socket.connect_to_server()

        def heard(frame: str | bytes) -> None:
            content = frame.encode() if isinstance(frame, str) else frame
            lost = b"PATCH-DOC" in content and b"RootAdded" in content  # what goes out at first
            if b'"there"' in content:
                words.append(content)
                lost = lost or len(words) == 1
            if lost:
                return
            server.send(frame)

        socket.on_message(heard)

    context.route_web_socket(re.compile(r"/api/kernels/.*/channels"), pass_on)
    notebook = opened("lost")
    run_cell(notebook.page, 0)
    notebook.page.locator(".bk-Figure").first.wait_for()
    asked = [word.count(b'"there"') for word in words]
    assert len(asked) > 1
    assert max(asked) <= 2, "what it asked waited for Panel's channel"
    assert notebook.wrong == []


def end_kernels(page: Any) -> None:
    """End every kernel, as a server does that is started anew."""
    page.evaluate(
        """async () => {
          const token = document.cookie.match(/_xsrf=([^;]*)/)
          const headers = {"X-XSRFToken": token ? token[1] : ""}
          for (const {id} of await (await fetch("/api/sessions")).json()) {
            await fetch(`/api/sessions/${id}`, {method: "DELETE", headers})
          }
        }"""
    )


def saved(page: Any) -> int:
    """Return the bytes of the notebook in its file, once its outputs are in it."""
    for _ in range(PATIENCE_MS // 500):
        page.wait_for_timeout(500)
        file = page.evaluate("fetch('/api/contents/own.ipynb?content=1').then((r) => r.text())")
        if MEASURED.search(file):
            return len(file)
    raise TimeoutError("The notebook was not saved.")
