"""The widget in JupyterLab: a cell is run, the widget is used, and the kernel goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab import lab
from tests.browser.conftest import PATIENCE_MS, Server, Visit

pytestmark = pytest.mark.browser

FUNCTION = """
import jax.numpy as jnp
from jacoscope_dashboard import explore

def f(x):
    return jnp.tanh(x) * x.sum()

explorer = explore(f, jnp.ones(6))
explorer.experiment.time_limit = 600
explorer
"""
AFTERWARDS = """
shown = explorer.study.to_frame()
print("rows measured:", (shown["status"] == "ok").sum(), "of", len(shown))
"""


@pytest.fixture(scope="module")
def running(browser: Any) -> Iterator[Server]:
    """JupyterLab with one notebook; after the browser, whose loop it must not stand in."""
    with lab({"own": [FUNCTION, AFTERWARDS]}, PATIENCE_MS / 1e3) as found:
        yield Server(found.address, found.address, found.log)


@pytest.fixture
def notebook(browser: Any, running: Server) -> Iterator[Visit]:
    """The notebook, open, with its kernel at rest."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    visit = Visit(context.new_page(), running)
    visit.page.set_default_timeout(PATIENCE_MS)
    visit.listen()
    visit.page.goto(f"{running.address}/lab/tree/own.ipynb")
    visit.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    yield visit
    context.close()
    assert visit.wrong == []


def run_cell(page: Any, number: int) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Shift+Enter")


def test_a_function_is_explored_and_the_kernel_goes_on(notebook: Visit) -> None:
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
    run_cell(page, 1)
    notebook.says("rows measured: ")
    page.keyboard.press("Control+s")
    assert saved(page) < 12e6


def saved(page: Any) -> int:
    """Return the bytes of the notebook in its file, once its outputs are in it."""
    for _ in range(PATIENCE_MS // 500):
        page.wait_for_timeout(500)
        file = page.evaluate("fetch('/api/contents/own.ipynb?content=1').then((r) => r.text())")
        if "rows measured" in file.replace("print(", ""):
            return len(file)
    raise TimeoutError("The notebook was not saved.")
