"""Each benchmark runs to its end at a tiny size and prints its table; figures are not looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import require_asdex

ROOT = Path(__file__).parents[2]


def run(script: str, *arguments: str) -> str:
    """Run a script as its docstring says, from a checkout that need not be installed."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("core", "dashboard"))
    done = subprocess.run(
        [sys.executable, f"benchmarks/{script}.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr  # 1 where a figure falls short
    return done.stdout


def test_cases() -> None:
    assert "softmax_regression" in run("cases", "--only", "robot_arm", "softmax_regression")


def test_hvps() -> None:
    out = run("hvps", "--only", "elementwise", "--sizes", "5", "--vectors", "2", "--rounds", "2")
    for order in "forward_over_reverse", "reverse_over_reverse", "linearize/map":
        assert order in out
    assert "by geometric mean" in out


@pytest.mark.slow
def test_products() -> None:
    assert "512×64" in run("products", "--vectors", "2", "--rounds", "2")


@pytest.mark.slow
def test_colored() -> None:
    require_asdex()
    assert "bcoo" in run("colored", "--side", "4", "--n", "40", "--rounds", "2")


@pytest.mark.slow
def test_memory() -> None:
    out = run("memory", "--small", "--only", "outer_product", "--time-limit", "20")
    assert "reverse/chunked/8" in out
    assert "MB of JAX's leaner" in out


@pytest.mark.slow
def test_torch_functions() -> None:
    pytest.importorskip("torch", reason="torch is a peer of the benchmarks alone")
    assert "torch's best" in run("torch_functions", "--only", "polynomials", "--rounds", "2")
