"""Every notebook runs from top to bottom, in a kernel of this very interpreter."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels of the running interpreter, whatever specs are installed elsewhere."""

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def run(path: Path) -> nbformat.NotebookNode:
    """Execute a notebook; an error in a cell raises."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_manager_class=OwnKernelManager,
        kernel_name="python3",
        timeout=240,
        resources={"metadata": {"path": str(path.parent)}},
    )
    paths = os.pathsep.join(str(ROOT / each) for each in ("core", "dashboard"))
    return client.execute(env={**os.environ, "PYTHONPATH": paths})


def test_there_is_a_tour():
    assert "tour.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_stored_without_outputs(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_runs(path):
    done = run(path)
    last = [cell for cell in done.cells if cell.cell_type == "code"][-1]
    assert last.outputs, "the last cell shows nothing"


def test_the_page_of_questions_is_its_notebook_run():
    page = (ROOT / "docs" / "questions.md").read_text()
    for cell in nbformat.read(ROOT / "notebooks" / "questions.ipynb", as_version=4).cells:
        assert cell.source in page
