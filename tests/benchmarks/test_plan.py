"""The plan's model: it finds what it was made from, and the page says what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from plan import BEGIN, END, function
from plan_model import Job, Network, fit_bytes, fit_gather, fit_time, fitted, predict, quickest
from plan_tables import LAYERS, flops_of, told

DOCS = Path(__file__).parents[2] / "docs"


def times() -> list[dict[str, Any]]:
    return [
        {
            "processes": processes,
            "devices": devices,
            "cores": cores,
            "flops": flops,
            "seconds": 2e-4 + 5e-5 * (devices - 1) + 3e-5 * steps + flops * s_per_flop / busy,
        }
        for processes, steps, devices, cores, busy, s_per_flop in (
            (1, 0, 1, 1, 1, 1.0e-11),
            (1, 0, 1, 2, 1, 1.0e-11),  # one device has work for one core
            (1, 0, 2, 1, 1, 1.5e-11),
            (1, 0, 8, 2, 2, 1.5e-11),
            (4, 2, 1, 2, 2, 1.5e-11),
        )
        for flops in (1e5, 1e9, 1e10)
    ]


def sizes() -> list[dict[str, Any]]:
    return [
        {
            "devices": devices,
            "chunk_bytes": chunk,
            "matrix_bytes": 1e8,
            "bytes": 3 * chunk + 1e8 / devices,
        }
        for devices in (1, 4)
        for chunk in (1e5, 1e6)
    ]


def gathers() -> list[dict[str, Any]]:
    return [
        {
            "processes": processes,
            "bytes": size,
            "seconds": 1e-3 * steps + size * (1 - 1 / processes) / 1e9 + crowd,
        }
        for processes, steps, crowd in ((2, 1, 0.0), (4, 2, 5e-3))
        for size in (1e3, 1e7)
    ]


def test_the_page_has_the_tables_of_its_measurements() -> None:
    page = (DOCS / "plan.md").read_text()
    tables = page.partition(BEGIN)[2].partition(END)[0]
    assert tables.strip() == told(json.loads((DOCS / "plan.json").read_text())).strip()


def test_what_was_measured_is_what_is_asked_for() -> None:
    found = json.loads((DOCS / "plan.json").read_text())
    assert {each["devices"] for each in found["time"] if each["processes"] == 1} == {1, 2, 4, 8}
    assert {each["processes"] for each in found["time"]} == {1, 2, 4}
    assert {each["processes"] for each in found["gather"]} == {2, 4}


def test_fits_find_what_the_samples_were_made_from() -> None:
    time = fit_time(times())
    assert time.values == pytest.approx(
        {"call_s": 2e-4, "dispatch_s": 5e-5, "wait_s": 3e-5, "alone_s": 1e-11, "beside_s": 5e-12}
    )
    assert time.typical < 1e-9
    memory = fit_bytes(sizes())
    assert memory.values == pytest.approx({"chunk": 3, "share": 1})
    gather = fit_gather(gathers())
    expected = {"latency_s": 1e-3, "s_per_byte": 1e-9, "crowd_s": 5e-3}
    assert gather.values == pytest.approx(expected)


def test_no_cost_is_below_zero() -> None:
    counts = np.array([1.0, 2.0, 4.0])
    fit = fitted(("call", "each"), np.stack([np.ones(3), counts], axis=1), list(3 * counts - 0.5))
    assert fit.values["call"] == 0
    assert fit.values["each"] == pytest.approx(2.7, abs=0.2)
    assert len(fit.residuals) == 3


def test_the_quickest_of_alike_samples() -> None:
    taken = ((1, 3.0), (2, 1.0), (1, 2.0))
    samples = [{"devices": count, "seconds": each, "compile_s": each} for count, each in taken]
    assert [each["seconds"] for each in quickest(samples, "compile_s")] == [2.0, 1.0]
    assert len(quickest(samples)) == 3


def test_a_prediction_by_hand() -> None:
    job = Job(passes=100, flops=1e12, matrix_bytes=8e9, chunk_bytes=1e6, kept_bytes=1e9)
    memory = fit_bytes(sizes())
    networks = [Network("one", 1e-3, 1e9)]
    plan = predict(job, 32, fit_time(times()), memory, networks, devices_a_host=8, speed=10.0)
    assert plan.compute_s == pytest.approx(1e12 * 1.5e-11 / 10 * 4 / 100)  # four passes at most
    assert plan.overhead_s == pytest.approx(2e-4 + 7 * 5e-5 + 2 * 3e-5)  # four hosts
    assert plan.efficiency == pytest.approx(1 / 32 / (plan.compute_s + plan.overhead_s))
    assert plan.gather_s == {"one": pytest.approx(2e-3 + 8 * 3 / 4)}
    assert plan.kept_bytes == pytest.approx(1e9 + 3e6)
    assert plan.sharded_bytes == pytest.approx(1e9 + 3e6 + 8e9 * 4 / 100)
    assert plan.gathered_bytes == pytest.approx(plan.sharded_bytes + 8e9)


def test_flops_are_those_that_xla_counts() -> None:
    f, x = function(48, 64)
    analysis = jax.jit(jax.jacfwd(f)).lower(jnp.asarray(x)).compile().cost_analysis()
    assert analysis is not None
    assert flops_of(48, 64, 64, LAYERS) == pytest.approx(analysis["flops"], rel=0.15)
