"""The README: CI runs its commands, its example runs, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CI = (ROOT / ".ci" / "run").read_text()
MAIN = "from jacoscope_dashboard._cli import main; main()"


def example() -> str:
    """The block of Python that imports the library."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (found,) = [block for block in blocks if "import jacoscope as jsc" in block]
    return found


@pytest.mark.parametrize("end", ["/pytest -n 2", "jacoscope serve"])
def test_ci_runs_the_readme_commands(end):
    lines = [line for line in README.splitlines() if re.match(rf"python3 -m venv .*{end}$", line)]
    assert len(lines) == 1
    assert "-c constraints.txt" in lines[0]
    assert f"$(readme_command '{end}')" in CI


def test_example_is_short():
    assert len(example().strip().splitlines()) <= 15


def test_example_runs_as_a_script(tmp_path):
    script = tmp_path / "example.py"
    script.write_text(example())
    paths = os.pathsep.join(str(ROOT / each) for each in ("core", "dashboard"))
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "(64, 16)"
    assert lines.count("(64, 16)") == 1, "a worker ran the script a second time"
    rows = {line.split()[0]: line.split()[1] for line in lines[1:] if "/" in line}
    assert {"forward/vmap", "reverse/vmap", "reverse/chunked/8"} <= set(rows)
    assert set(rows.values()) == {"ok"}, done.stdout


def test_relative_links_exist():
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)|src=\"([^\"]+)\"", README)
    paths = [one or other for one, other in targets if "://" not in (one or other)]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("command", ["serve", "compare", "advise", "explore"])
def test_terminal_options_exist(command):
    lines = re.findall(rf"^jacoscope {command} (.*)", README, re.MULTILINE)
    options = {option for line in lines for option in re.findall(r"--[a-z0-9-]+", line)}
    paths = os.pathsep.join(str(ROOT / each) for each in ("core", "dashboard"))
    done = subprocess.run(
        [sys.executable, "-c", MAIN, command, "--help"],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert options
    assert done.returncode == 0, done.stderr
    assert options <= set(re.findall(r"--[a-z0-9-]+", done.stdout))
