"""The time limit of a comparison: what is measured within it, and what the rest says."""

from __future__ import annotations

import re
import time
from typing import Any

import jax.numpy as jnp
import pytest

import jacoscope as jsc
from jacoscope._measure import measure
from jacoscope._scene import Options


def test_the_time_limit_is_kept() -> None:
    study = jsc.compare(jnp.sin, jnp.ones(3), time_limit=1e-3, runner="inline")
    assert {row.status for row in study.rows} == {"timed_out"}
    assert "left no time" in study.rows[0].message


def test_a_deadline_before_the_first_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_TIMING_SHARE", "_LEAST_TIMING_S"):
        monkeypatch.setattr(f"jacoscope._measure.{name}", 0.0)
    study = jsc.compare(jnp.sin, jnp.ones(2), runner="inline")
    assert {row.status for row in study.rows} == {"timed_out"}
    assert "left no time to measure it" in study.rows[0].message


def test_one_slow_way_costs_the_others_no_times() -> None:
    def f(x: Any) -> Any:
        time.sleep(0.05)
        return jnp.sin(x)

    quick, slow = "jax.jacfwd", "forward/loop"  # which calls f for each of 100 columns
    options = Options(jit=False, only=(quick, slow), time_limit=12.0)
    study = measure(f, jnp.ones(100), options).study
    assert study.row(slow).status == "timed_out"
    said = r"It took \d+(\.\d+)? s when it first ran. The time limit left no time to measure it"
    assert re.match(said, study.row(slow).message)
    assert study.row(quick).status == "ok"
    assert (study.row(quick).median_s or 0) > 0.05
