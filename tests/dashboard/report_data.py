"""What the tests of a report share: studies with everything in them, friendly and hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jacoscope import Measurement, Study
from jacoscope._strategy import Quantity, plan
from tests.hostile import HOSTILE, MARK

MB = 1 << 20
ENVIRONMENT = {
    "jacoscope": "1.2.3",
    "revision": "abc1234+",
    "jax": "0.10.2",
    "host": "workstation",
    "device": "cpu:0",
    "xla_flags": "--xla_flag=1",
    "x64": False,
    "load_at_start": 0.25,
    "date": "2026-02-03T04:05:06+00:00",
    "ceilings": {"flops_per_s": 1e11, "bytes_per_s": 1e10, "dtype": "float32"},
}
FIGURES = ["time", "memory", "compiling", "tradeoff", "calls", "roof"]


def study(quantity: Quantity = "jacobian", **changes: Any) -> Study:
    """A study of all strategies but the last, which can't work."""
    *ways, last = plan(quantity, 3, 4, 2, (2,))
    common: dict[str, Any] = {
        "quantity": quantity, "n_in": 3, "n_out": 4, "dtype": "float32", "device": "cpu:0",
        "vectors": None if quantity in ("jacobian", "hessian") else 2, "host": "workstation",
    }  # fmt: skip
    rows = [
        Measurement(
            strategy=way.name, mode=way.direction, order=way.order, median_s=s,
            q25_s=0.95 * s, q75_s=1.1 * s, low_s=0.98 * s,
            high_s=1.02 * s, tie=False, samples=25, trace_s=0.01, lower_s=0.01, passes=3,
            compile_s=0.1 / place, argument_bytes=12 * MB, output_bytes=48 * MB,
            temp_bytes=100 * MB // place, predicted_bytes=60 * MB + 100 * MB // place,
            peak_bytes=70 * MB + 100 * MB // place, flops=1e7, bytes_accessed=1e7, error=1e-7,
            jit=True, **common,
        )
        for place, way in enumerate(ways, start=1)
        for s in [place * 1e-3]
    ]  # fmt: skip
    rows.append(
        Measurement(strategy=last.name, status="unsupported", message="It can't do that.", **common)
    )
    found = Study(tuple(rows), "Test", dict(ENVIRONMENT), 1e-6, 1e-4, 1000)
    return replace(found, **changes)


def hostile() -> Study:
    """A study whose texts all try to be HTML."""
    found = study()
    rows = [row.but(message=HOSTILE, host=HOSTILE, device=HOSTILE, flops_note=HOSTILE)
            for row in found.rows]  # fmt: skip
    rows.append(rows[-1].but(strategy=f"{HOSTILE}/vmap", memory_source=HOSTILE, median_s=1.0))
    rows.append(rows[0].but(strategy=f"forward/{MARK}", memory_source=HOSTILE, median_s=2.0))
    there = {**ENVIRONMENT, "host": HOSTILE, "date": HOSTILE, "jax": HOSTILE, HOSTILE: [HOSTILE]}
    return replace(found, rows=tuple(rows), title=HOSTILE, environment=there)


def untimed() -> Study:
    """A study in which nothing could be measured."""
    rows = tuple(
        Measurement("jacobian", name, status="crashed", message="It crashed.")
        for name in ("jax.jacfwd", "jax.jacrev")
    )
    return Study(rows, "Test")
