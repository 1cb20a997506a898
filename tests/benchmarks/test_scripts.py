"""Each benchmark runs to its end at a tiny size and prints its table; figures are not looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jacobians import shortfalls
from race import ratios
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
        check=False,
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
def test_devices() -> None:
    out = run("devices", "--side", "256", "--width", "32", "--rounds", "2")
    assert "linearize/vmap" in out
    assert "two against one" in out


@pytest.mark.slow
def test_jacobians(tmp_path: Path) -> None:
    require_asdex()
    kept = tmp_path / "kept.json"
    options = ["--rounds", "4", "--time-limit", "4", "--repeats", "1", "--json", str(kept)]
    out = run("jacobians", "--only", "robot_arm", "squared_differences", *options)
    for part in "robot_arm", "asdex bcoo over ours", "the better builtin over autotune":
        assert part in out
    found = json.loads(kept.read_text())["robot_arm"][0]
    assert found["n_in"] == 48
    assert {"jax.jacfwd", "jax.jacrev", found["chosen"]["autotune"]} <= set(found["times"])
    again = run("jacobians", "--only", "robot_arm", "--json", str(kept))  # nothing is run anew
    assert "robot_arm" in again


def test_shortfalls_name_what_recurs() -> None:
    def raced(autotune_s: float) -> dict[str, Any]:
        times = {"jax.jacfwd": 1.0, "jax.jacrev": 3.0, "reverse/map": autotune_s}
        chosen = {"autotune": "reverse/map", "advise": "jax.jacrev"}
        best = min(times, key=lambda name: times[name])
        found = {"case": "robot_arm", "sparse": False, "rule": "jax.jacfwd", "notes": []}
        return {**found, "times": times, "read": times, "chosen": chosen, "best": best}

    slow, fast = raced(1.2), raced(0.5)
    said = ratios(fast)
    assert said == {
        "better": 2.0,
        "rule": 2.0,
        "better as asked": 2.0,
        "rule as asked": 2.0,
        "autotune": 1.0,
        "advise": 6.0,
    }
    assert ratios({**fast, "bcoo": {"time": 0.1}})["better as asked"] == 10.0
    assert shortfalls([slow], {"robot_arm": [slow, fast, slow]}, complete=False) == []
    (only,) = shortfalls([slow], {"robot_arm": [slow, slow, slow]}, complete=False)
    assert only == "robot_arm: autotune takes 1.20×, 1.20×, 1.20× the better builtin's time"
    whole = shortfalls([fast], {"robot_arm": [fast]}, complete=True)
    assert whole == [
        "all, over better as asked: 2.00×, wanted 2.5×",
        "all, over rule as asked: 2.00×, wanted 3.0×",
        "advise: loses 500%, allowed 35%",
    ]


@pytest.mark.slow
def test_products() -> None:
    assert "512×64" in run("products", "--vectors", "2", "--rounds", "2")


@pytest.mark.slow
def test_colored() -> None:
    require_asdex()
    assert "bcoo" in run("colored", "--side", "4", "--n", "40", "--rounds", "2")


@pytest.mark.slow
def test_cluster_sweep() -> None:
    out = run("load/cluster_sweep", "--jobs", "6", "--every", "4")
    assert out.count("statuses {'ok': 6}") == 2
    assert "disturbed over undisturbed" in out


@pytest.mark.slow
def test_memory() -> None:
    out = run("memory", "--small", "--only", "outer_product", "--time-limit", "20")
    assert "reverse/chunked/8" in out
    assert "MB of JAX's leaner" in out


@pytest.mark.slow
def test_torch_functions() -> None:
    pytest.importorskip("torch", reason="torch is a peer of the benchmarks alone")
    assert "torch's best" in run("torch_functions", "--only", "polynomials", "--rounds", "2")


def test_soak() -> None:
    """The hour's script, shortened: no visit is lost and no file stays open."""
    out = run("load/soak", "--minutes", "0.4", "--at-once", "3")
    assert "as wanted" in out
    assert "too short a run to judge" in out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it limits the address space")
def test_stream_8gb(tmp_path: Path) -> None:
    out = run("stream_8gb", "--rows", "8192", "--out", str(tmp_path))
    assert "FALLS SHORT" not in out
    assert "then exit code -9" in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it gives processes their cores")
def test_plan(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    out = run("plan", "--rounds", "1", "--json", str(kept))
    assert "Each device 100 times as fast as a core here" in out
    assert run("plan", "--from", str(kept)) == out  # nothing is measured anew
