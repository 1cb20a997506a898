"""The widget in JupyterLab: a cell is run, the widget is used, and the kernel goes on."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest

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
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab in a folder with one notebook, that asks nobody for news."""
    root = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (FUNCTION, AFTERWARDS)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    (root / "notebooks").mkdir()
    nbformat.write(notebook, root / "notebooks" / "own.ipynb")
    silent = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (root / "config" / "labconfig").mkdir(parents=True)
    (root / "config" / "labconfig" / "page_config.json").write_text(json.dumps(silent))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address, log = f"http://localhost:{port}", root / "log"
    folders = {f"JUPYTER_{each.upper()}_DIR": str(root / each) for each in ("config", "data")}
    sources = [str(Path(__file__).parents[2] / each) for each in ("core", "dashboard")]
    options = {
        "port": port,
        "token": "",
        "allow_root": True,
        "open_browser": False,
        "root_dir": root / "notebooks",
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab"),
                *(f"--ServerApp.{name}={value}" for name, value in options.items()),
            ],
            env={**os.environ, **folders, "PYTHONPATH": os.pathsep.join(sources)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"{address}/lab", process)
        yield Server(address, address, log)
    except ConnectionError as error:
        error.add_note(log.read_text())
        raise
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + PATIENCE_MS / 1e3
    while time.monotonic() < limit and process.poll() is None:
        try:
            with urlopen(address):
                return
        except URLError:
            time.sleep(0.3)
    raise ConnectionError("JupyterLab did not start.")


@pytest.fixture
def notebook(browser: Any, lab: Server) -> Iterator[Visit]:
    """The notebook, open, with its kernel at rest."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    visit = Visit(context.new_page(), lab)
    visit.page.set_default_timeout(PATIENCE_MS)
    visit.listen()
    visit.page.goto(f"{lab.address}/lab/tree/own.ipynb")
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
