"""Comparisons, in this process and in a worker: rows, statuses, errors, round trips."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._measurement import COLUMNS
from tests.helpers import branching, nested_function, nested_point, only_reverse, while_loop

DESIGN_COLUMNS = """
    quantity strategy mode batching order chunk_size vectors jit n_in n_out passes dtype device
    threads host status message prep_s trace_s lower_s compile_s median_s q25_s q75_s low_s high_s
    tie noisy samples flops flops_note bytes_accessed argument_bytes output_bytes temp_bytes
    alias_bytes residual_bytes predicted_bytes peak_bytes memory_source error cost_of_f
"""


def inline(f: Any, x: Any, **options: Any) -> jsc.Study:
    return jsc.compare(f, x, runner="inline", **options)


@pytest.fixture(scope="module")
def study() -> jsc.Study:
    problem = jsc.problem("logistic_regression", batch=40, features=20)
    return inline(problem.f, problem.x, chunk_sizes=(8,))


def test_rows_of_a_study(study: jsc.Study) -> None:
    names = [row.strategy for row in study.rows]
    assert names == [
        "jax.jacfwd",
        "jax.jacrev",
        "forward/folded",
        *(f"forward/{how}" for how in ("vmap", "chunked/8", "map", "loop")),
        "linearize/vmap",
        "linearize/chunked/8",
        *(f"reverse/{how}" for how in ("vmap", "chunked/8", "map", "loop")),
    ]
    for row in study.rows:
        assert row.status == "ok", row.message
        assert row.error is not None
        assert row.error < 1e-5
        assert row.passes == (20 if row.mode == "forward" else 40)
        assert row.samples == len(row.samples_s) > 0
        times = [row.low_s, row.median_s, row.high_s, row.q25_s, row.q75_s, row.cost_of_f]
        low, median, high, q25, q75, cost = [each or 0.0 for each in times]
        assert 0 < low <= median <= high
        assert 0 < q25 <= median <= q75
        assert row.output_bytes == 40 * 20 * 4
        once = 40 * 20 * 4 if row.batching == "folded" else 0  # the features, in its layout
        assert row.argument_bytes == 20 * 4 + once
        assert row.predicted_bytes == 20 * 4 + once + 40 * 20 * 4 + (row.temp_bytes or 0)
        assert median == pytest.approx(np.median(row.samples_s))
        assert cost == pytest.approx(median / (row.passes or 0) / (study.f_s or 0))


def test_frame_has_the_columns(study: jsc.Study) -> None:
    assert list(study.to_frame().columns) == list(COLUMNS) == DESIGN_COLUMNS.split()
    frame = study.to_frame()
    prepared = [row.batching == "folded" for row in study.rows]
    assert list(frame["prep_s"].notna()) == prepared  # where nothing was, it is unknown and not 0


def test_a_peak_that_was_not_measured_says_why() -> None:
    heavy = jnp.ones(300_000)  # eight products with a vector take 10 MB
    rows = [
        *inline(jnp.sin, heavy, quantity="jmp", vectors=8, chunk_sizes=()).rows,
        *inline(jnp.sin, jnp.ones(2), chunk_sizes=(), jit=False).rows,
    ]
    done = [row for row in rows if row.status == "ok"]  # asdex does not work with every JAX
    reasons = {str(row.memory_source).partition("peak ")[2] for row in done}
    assert all(row.peak_bytes is None for row in rows)
    assert reasons == {
        "unknown: no fresh process has measured it",
        "unknown: measured of compiled programs only",
    }


def test_a_newer_peak_takes_the_place_of_the_older() -> None:
    row = jsc.Measurement("jacobian", "forward/map").with_peak(None, "unknown: early")
    assert row.memory_source == "peak unknown: early"
    row = row.but(memory_source="predicted; peak unknown: early").with_peak(7, "measured: so")
    assert (row.peak_bytes, row.memory_source) == (7, "predicted; peak measured: so")


def test_best_and_ties(study: jsc.Study) -> None:
    best = study.best()
    assert best is not None
    tied = [row for row in study.rows if row.tie]
    fastest = min(study.rows, key=lambda row: row.q25_s or 0)  # a disturbance only adds
    if tied:
        assert fastest in tied
        assert best.predicted_bytes == min(row.predicted_bytes or 0 for row in tied)
    else:
        assert best == fastest


def test_round_trips(study: jsc.Study, tmp_path: Path) -> None:
    study.to_json(tmp_path / "study.json")
    assert jsc.Study.from_json(tmp_path / "study.json") == study
    study.to_csv(tmp_path / "study.csv")
    assert len((tmp_path / "study.csv").read_text().splitlines()) == 1 + len(study.rows)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "it has no `schema`"),
        ('{"schema": 99}', "has schema 99; this version reads 1"),
        ('{"schema": 1}', "it has no `rows`"),
        ('{"schema": 1, "rows": [{"x": 1}]}', "not a row of a study"),
        ('{"schema": 1, "rows": [1]}', "it has no fields"),
        ('{"schema": 1, "rows": [], "f_s": "1"}', "A study's f_s can't be '1'"),
        *(
            (
                json.dumps({"schema": 1, "rows": [{"quantity": "a", "strategy": "b", **field}]}),
                f"A row's {next(iter(field))} can't be",
            )
            for field in (
                {"median_s": "1"},
                {"samples": True},
                {"tie": 1},
                {"flops": 10**400},
                {"trace_s": -1.0},
                {"median_s": float("nan")},
                {"samples_s": [1.0, 0.0]},
                {"samples_s": [1.0, "x"]},
                {"samples_s": 3},
                {"message": None},
                {"mode": {}},
            )
        ),
        (
            json.dumps({"schema": 1, "rows": [{"quantity": "a", "strategy": "b", "status": "x"}]}),
            "A row's status can't be 'x'",
        ),
    ],
)
def test_what_is_no_study(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "it.json").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        jsc.Study.from_json(tmp_path / "it.json")


@pytest.mark.parametrize(
    ("f", "failing", "sentence"),
    [
        (while_loop, "reverse", "Reverse mode can't pass a loop"),
        (only_reverse, "forward", "Forward mode can't pass a function with a custom_vjp"),
    ],
)
def test_a_mode_that_cannot_work(f: Any, failing: str, sentence: str) -> None:
    study = inline(f, jnp.arange(3.0))
    for row in study.rows:
        if row.mode == failing:
            assert row.status == "unsupported"
            assert sentence in row.message
            assert row.median_s is row.error is None
        else:
            assert row.status == "ok"
            assert row.error is not None
            assert row.error < 1e-6


def test_an_unknown_trip_count_is_a_field_of_the_row() -> None:
    looped = inline(while_loop, jnp.arange(3.0), chunk_sizes=())
    plain = inline(jnp.sin, jnp.arange(3.0), chunk_sizes=())
    assert {row.flops_note for row in looped.rows if row.status == "ok"} == {
        "loop body counted once"
    }
    assert {row.flops_note for row in plain.rows} == {""}
    assert {row.flops_note for row in looped.rows if row.status != "ok"} == {None}


def test_the_environment_of_a_study(study: jsc.Study) -> None:
    told = study.environment
    for name in ("jax", "jaxlib", "python", "system", "processor", "device_kind", "date"):
        assert told[name], name
    assert told["cores"] >= 1
    assert told["xla_flags"] == os.environ.get("XLA_FLAGS", "")
    assert {"revision", "jacoscope", "load_at_start", "load_at_end", "x64"} <= set(told)


def test_integers_become_rows() -> None:
    study = inline(jnp.sin, jnp.arange(3))
    assert len(study.rows) == 9
    for row in study.rows:
        assert row.status == "unsupported"
        assert "`x` must be floating point, but got int32. Pass `x.astype(float)`." in row.message
    assert study.best() is None


def test_a_function_that_raises() -> None:
    def f(x: Any) -> Any:
        raise ZeroDivisionError("my own trouble")

    study = inline(f, jnp.ones(2))
    assert {row.status for row in study.rows} == {"crashed"}
    assert "f raised ZeroDivisionError: my own trouble" in study.rows[0].message


def test_python_control_flow_runs_eagerly() -> None:
    study = inline(branching, jnp.asarray(4.0))
    by_name = {row.strategy: row for row in study.rows}
    assert by_name["forward/map"].status == "unsupported"
    assert "branches on the value" in by_name["forward/map"].message
    for row in study.rows:
        assert row.jit is False
        if row.strategy != "forward/map":
            assert row.status == "ok"
            assert "run eagerly" in row.message
            assert row.compile_s is row.temp_bytes is None


@pytest.mark.parametrize("quantity", ["hessian", "hvp", "jmp", "mjp"])
def test_other_quantities(quantity: Any) -> None:
    problem = jsc.problem("tanh_sum", rows=2, columns=3)
    study = inline(problem.f, problem.x, quantity=quantity, chunk_sizes=(2,))
    assert {row.status for row in study.rows} == {"ok"}
    assert all(row.error is not None and row.error < 1e-5 for row in study.rows)
    if quantity == "hvp":
        assert [row.strategy for row in study.rows] == [
            "hvp/forward_over_reverse",
            "hvp/reverse_over_forward",
            "hvp/reverse_over_reverse",
            "hvp/full_hessian",
        ]


def test_vectors_of_ones_own() -> None:
    x = nested_point()
    V = {"list": [jnp.ones((4, 2, 3)), jnp.ones(4)], "tuple": (jnp.ones((4, 4)), None)}
    study = inline(nested_function, x, quantity="jmp", vectors=V)
    assert {row.vectors for row in study.rows} == {4}
    assert {row.status for row in study.rows} == {"ok"}


def test_a_wrong_derivative_is_shown() -> None:
    from jacoscope._reference import make_reference

    x = jnp.arange(1.0, 4.0)
    reference = make_reference(jnp.sin, x, quantity="jacobian", vectors=None, n_out=3, jit=True)
    right = jnp.diag(jnp.cos(x))
    assert reference.error(right) < 1e-7
    assert reference.error(right.at[0, 1].set(0.5)) > 0.5
    assert reference.error(right.at[0, 1].set(jnp.nan)) == float("inf")


def test_random_products_find_a_wrong_entry() -> None:
    from jacoscope._reference import make_reference

    n = 1100  # 1100² is above a million
    x = jnp.linspace(0.0, 1.0, n)
    reference = make_reference(jnp.sin, x, quantity="jacobian", vectors=None, n_out=n, jit=True)
    right = jnp.diag(jnp.cos(x))
    assert reference.direction is not None
    assert reference.error(right) < 1e-6
    assert reference.error(right.at[3, 700].add(1.0)) > 1e-3


def test_a_reference_stays_within_the_memory_limit() -> None:
    from jacoscope import MemoryLimitError
    from jacoscope._reference import make_reference

    x = jnp.linspace(0.0, 1.0, 200)
    right = jnp.diag(jnp.cos(x))
    asked: dict[str, Any] = {"quantity": "jacobian", "vectors": None, "n_out": 200, "jit": True}
    ran: list[str] = []
    asked["runs"] = lambda: ran.append("runs")
    whole = make_reference(jnp.sin, x, **asked, limit_bytes=8 * 200 * 202)
    product = make_reference(jnp.sin, x, **asked, limit_bytes=8 * 200 * 10)
    assert (whole.direction is None, product.direction is None) == (True, False)
    assert ran == ["runs", "runs"]
    for reference in (whole, product):
        assert reference.error(right) < 1e-6
        assert reference.error(right.at[3, 7].add(1.0)) > 1e-3
    with pytest.raises(MemoryLimitError):
        make_reference(jnp.sin, x, **asked, limit_bytes=8 * 200)


def test_a_row_says_why_it_was_not_checked() -> None:
    x = jnp.linspace(0.0, 1.0, 1000)
    study = inline(lambda x: jnp.stack([jnp.sum(x), jnp.sum(x**2)]), x, memory_limit=13_000)
    there = [row for row in study.rows if row.status == "ok"]
    assert there
    assert all(row.error is None and "Not checked" in row.message for row in there)


def test_a_brief_reference_is_a_product_or_the_whole_where_there_is_no_jvp() -> None:
    from jacoscope._reference import make_reference

    x = jnp.arange(1.0, 4.0)
    right = jnp.diag(jnp.cos(x))
    for f, whole in ((jnp.sin, False), (only_reverse, True)):
        reference = make_reference(
            f, x, quantity="jacobian", vectors=None, n_out=3, jit=True, brief=True
        )
        assert (reference.direction is None) == whole
        assert reference.error(right) < 1e-6
        assert reference.error(right.at[2, 0].add(0.5)) > 0.01
    hessian = make_reference(
        lambda x: jnp.sum(jnp.sin(x)),
        x,
        quantity="hessian",
        vectors=None,
        n_out=1,
        jit=True,
        brief=True,
    )
    assert hessian.direction is not None
    assert hessian.error(jnp.diag(-jnp.sin(x))) < 1e-6
    assert hessian.error(right) > 0.01


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"quantity": "jacobean"}, "`quantity` must be one of jacobian, hessian"),
        ({"chunk_sizes": (0,)}, "`chunk_sizes` must be positive integers, but got 0"),
        ({"time_limit": 0}, "`time_limit` must be above 0 seconds"),
        ({"runner": "moon"}, "`runner` must be local, inline, dask or the address of a scheduler"),
        ({"device": "tpu:7"}, "`device` must be one of cpu:0"),
    ],
)
def test_wrong_options(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        jsc.compare(jnp.sin, jnp.ones(3), **{"runner": "inline", **options})


def test_a_wrong_strategy_is_never_the_best() -> None:
    from jacoscope._study import conclude

    def timed(name: str, seconds: float, error: float) -> jsc.Measurement:
        samples = tuple(seconds * (1 + k / 1000) for k in range(10))
        return jsc.Measurement(
            quantity="jacobian", strategy=name, median_s=seconds, q25_s=seconds, error=error,
            samples_s=samples, disturbed=(False,) * 10,
        )  # fmt: skip

    rows = [timed("right", 2.0, 1e-7), timed("wrong", 1.0, 0.59), timed("slow", 3.0, 2e-7)]
    study = jsc.Study(rows=conclude(conclude(rows, None), None))
    best = study.best()
    assert best is not None
    assert best.strategy == "right"
    assert not best.tie
    said = study.row("wrong").message
    assert said.count("Wrong: it differs from JAX's own derivative in float64 by 0.59") == 1
    assert not study.row("right").message
    hard = jsc.Study(rows=conclude([timed("a", 2.0, 0.2), timed("b", 1.0, 0.5)], None))
    best = hard.best()
    assert best is not None
    assert best.strategy == "b"  # ill-conditioned for all alike
    assert not best.message


@pytest.mark.slow
def test_a_derivative_that_the_compiler_gets_wrong_is_not_advised() -> None:
    problem = jsc.problem("bundle_adjustment", points=32)
    study = inline(problem.f, problem.x, chunk_sizes=(64,), time_limit=120.0)
    best = study.best()
    assert best is not None
    assert best.error is not None
    assert best.error < 1e-3
    for row in study.rows:
        assert (row.error is not None and row.error > 0.01) == ("Wrong:" in row.message)
