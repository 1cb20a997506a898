"""JupyterLab in a folder of its own, with notebooks that have not been run, for a browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import nbformat

ROOT = Path(__file__).parents[1]
# Below the folder of Jupyter's configuration. Of two saves at once, Jupyter's own after two minutes
# and one that was asked for, one takes the file away under the other's hands.
_DOCUMENTS = "lab/user-settings/@jupyterlab/docmanager-extension"
SETTINGS: dict[str, dict[str, Any]] = {
    "labconfig/page_config.json": {
        "disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}
    },
    f"{_DOCUMENTS}/plugin.jupyterlab-settings": {"autosave": False},
}


@dataclass
class Lab:
    """Where it is, and the file that it writes its log to."""

    address: str
    log: Path


@contextmanager
def lab(notebooks: Mapping[str, Sequence[str]], patience_s: float = 240.0) -> Iterator[Lab]:
    """JupyterLab with kernels of this Python; it asks for no news and no password, saves when told.

    Args:
        notebooks: Name → the source of each cell.
        patience_s: Seconds after which it is given up.

    Raises:
        ConnectionError: It did not start; a note has its log.
    """
    with tempfile.TemporaryDirectory(prefix="jacoscope-lab-") as scratch, socket.socket() as one:
        root = Path(scratch)
        (root / "notebooks").mkdir()
        for name, settings in SETTINGS.items():
            (root / "config" / name).parent.mkdir(parents=True)
            (root / "config" / name).write_text(json.dumps(settings))
        for name, sources in notebooks.items():
            cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
            notebook = nbformat.v4.new_notebook(cells=cells)
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        one.close()
        with _process(root, port) as process:
            found = Lab(f"http://localhost:{port}", root / "log")
            try:
                _wait_for(f"{found.address}/lab", process, patience_s)
            except ConnectionError as error:
                error.add_note(found.log.read_text())
                raise
            yield found


@contextmanager
def _process(root: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    options = {
        "port": port,
        "token": "",
        "allow_root": True,
        "open_browser": False,
        "root_dir": root / "notebooks",
    }
    settings = [f"--ServerApp.{name}={value}" for name, value in options.items()]
    folders = {f"JUPYTER_{name.upper()}_DIR": str(root / name) for name in ("config", "data")}
    sources = os.pathsep.join(str(ROOT / each) for each in ("core", "dashboard"))
    with (root / "log").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *settings],
            env={**os.environ, **folders, "PYTHONPATH": sources},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(address: str, process: subprocess.Popen[bytes], patience_s: float) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(address):
                return
        except URLError:
            time.sleep(0.3)
    raise ConnectionError("JupyterLab did not start.")
