"""A test that hangs says what holds it up, and ends the run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.served import ROOT, checkout

SCENE = """
import time
from jacoscope.run._turn import Turn
from tests.hung import told_if_it_hangs
with Turn().probe(), told_if_it_hangs("test_x", 0.2):
    time.sleep(2)
"""


def test_who_holds_a_lock_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCENE],
        cwd=ROOT,
        env=checkout(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "test_x has not ended after 0 s. There are:" in done.stderr
    assert f"probe.lock: {Path(sys.executable)} -c" in done.stderr


def test_a_worker_that_dies_ends_the_run(tmp_path: Path) -> None:
    for name, body in ("one", "import os; os._exit(1)"), ("two", "pass"), ("three", "pass"):
        (tmp_path / f"test_{name}.py").write_text(f"def test_{name}():\n    {body}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "-c", str(ROOT / "pyproject.toml"), tmp_path],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode != 0
    assert "worker 'gw0' crashed while running" in done.stdout
