"""Functions of a script travel to the workers, and the script is not run a second time."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import jax.numpy as jnp
import pytest

import jacoscope as jsc

SCRIPT = """
    print("begins")
    import jax, jax.numpy as jnp, jacoscope as jsc
    jax.config.update("jax_enable_x64", True)
    scale = 3.0
    class Box:
        def __init__(self, a): self.a = a
    def f(x): return Box(x * scale).a
    study = jsc.compare(f, jnp.ones(2), time_limit=30.0)
    print({row.status for row in study.rows}, study.rows[0].dtype)
"""


@pytest.mark.parametrize("how", ["script", "stdin"])
def test_scripts_without_a_guard(how: str, tmp_path: Path) -> None:
    script = textwrap.dedent(SCRIPT)
    (tmp_path / "script.py").write_text(script)
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "script.py" if how == "script" else "-"],
        input=None if how == "script" else script,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["begins", "{'ok'} float64"]


def test_what_cannot_travel() -> None:
    lock = threading.Lock()
    with pytest.raises(TypeError, match=r"can't travel to a worker process.*runner='inline'"):
        jsc.compare(lambda x: x * lock.locked(), jnp.ones(2))
