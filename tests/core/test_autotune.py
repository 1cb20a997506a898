"""`autotune`: right everywhere, remembered, within its limit; and what `jacobian` makes of it."""

from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.sparse import BCOO

import jacoscope as jsc
from jacoscope import _autotune
from jacoscope._autotune import _checked, _fastest, _unmeasured
from jacoscope._cache import cache_folder
from jacoscope._fingerprint import fingerprint
from jacoscope._measurement import Measurement
from jacoscope._remembered import Choice, recall, remember, remembered_strategy
from jacoscope._settle import settle
from jacoscope._strategy import Strategy, named, plan
from jacoscope.run import Outcome
from tests.helpers import nested_function, nested_point, relative_error, require_asdex

DEVICE = jax.devices()[0]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JACOSCOPE_CACHE", str(tmp_path))
    return tmp_path


def tuned(f: Any, x: Any, *arguments: Any, **options: Any) -> jsc.Tuned:
    return jsc.autotune(f, x, *arguments, **{"runner": "inline", "time_limit": 3.0, **options})


def test_it_is_right_at_other_points_and_says_what_it_is() -> None:
    def f(x: Any) -> Any:
        return jnp.tanh(x[:, None] * x[None, :]).sum(0)

    x = jnp.linspace(-1.0, 1.0, 24)
    jac = tuned(f, x)
    assert jac.strategy in {row.strategy for row in jac.study.rows}
    times = {row.strategy: row.q25_s for row in jac.study.rows if row.q25_s is not None}
    assert times[jac.strategy] <= 1.1 * min(times.values())
    assert jac.strategy in repr(jac)
    for other in (x, x + 1, -x):
        assert relative_error(jac(other), jax.jacrev(f)(other)) < 1e-5
    kept: dict[str, Any] = {"f": f, "x": x}
    exec(jac.code(), kept)
    assert "jacoscope" not in jac.code()
    assert relative_error(kept["J"], jax.jacrev(f)(x)) < 1e-5
    nested = tuned(nested_function, nested_point())
    assert (
        relative_error(nested(nested_point()), jax.jacfwd(nested_function)(nested_point())) < 1e-5
    )


def test_in_a_worker() -> None:
    x = jnp.ones(20)
    jac = jsc.autotune(lambda x: jnp.sin(x) * x.sum(), x, time_limit=2.0)
    expected = jax.jacfwd(lambda x: jnp.sin(x) * x.sum())(x)
    assert relative_error(jac(x), expected) < 1e-5


def test_a_pattern_that_holds_at_one_point_only_is_not_used() -> None:
    def f(x: Any) -> Any:  # dense where x > 0, diagonal elsewhere
        return jnp.where(x > 0, x**2 * jnp.sum(x), x**2)

    x = -jnp.ones(64)
    jac = tuned(f, x)
    assert relative_error(jac(-x), jax.jacfwd(f)(-x)) < 1e-5


def test_a_sparse_function_is_colored_by_a_proven_pattern() -> None:
    require_asdex()
    problem = jsc.problem("broyden_tridiagonal", unknowns=1000)
    jac = tuned(problem.f, problem.x, time_limit=60.0)
    assert jac.strategy.endswith("/colored")
    assert relative_error(jac(problem.x), jax.jacfwd(problem.f)(problem.x)) < 1e-5
    again = tuned(problem.f, problem.x)
    assert again.remembered
    assert again.strategy == jac.strategy
    assert relative_error(again(-problem.x), jax.jacfwd(problem.f)(-problem.x)) < 1e-5


def test_a_sparse_result_on_request() -> None:
    require_asdex()
    problem = jsc.problem("broyden_tridiagonal", unknowns=64)
    dense = jax.jacfwd(problem.f)(problem.x + 0.5)
    limit = dense.nbytes // 2  # which no dense result is below
    jac = jsc.autotune(
        problem.f, problem.x, memory_limit=limit, output="bcoo", runner="inline", fresh=True
    )
    assert {row.batching for row in jac.study.rows} == {"colored"}
    assert all((row.error or 0.0) < 1e-5 for row in jac.study.rows)
    found = jac(problem.x + 0.5)
    assert isinstance(found, BCOO)
    assert found.nse == 3 * 64 - 2
    assert relative_error(found.todense(), dense) < 1e-5
    assert "bcoo" in jac.code()
    again = jsc.autotune(problem.f, problem.x, memory_limit=limit, output="bcoo", runner="inline")
    assert (again.remembered, again.strategy) == (True, jac.strategy)
    assert isinstance(again(problem.x), BCOO)


def test_a_sparse_result_of_blocks_and_of_a_hessian() -> None:
    require_asdex()

    def blocks(x: Any) -> Any:
        return {"u": jnp.sin(x["a"]) * x["b"], "v": x["a"] ** 2}

    x = {"a": jnp.linspace(0.0, 1.0, 1_200), "b": jnp.ones(1_200)}  # checked by a random product
    jac = jsc.autotune(blocks, x, output="bcoo", runner="inline", fresh=True)
    error = jac.study.row(jac.strategy).error
    assert error is not None
    assert error < 1e-5
    assert jnp.allclose(jac(x)["u"]["b"].todense(), jnp.diag(jnp.sin(x["a"])), atol=1e-6)
    loss = jsc.problem("chained_rosenbrock", unknowns=48)
    hess = jsc.autotune(loss.f, loss.x, "hessian", output="bcoo", runner="inline", fresh=True)
    assert relative_error(hess(loss.x).todense(), jax.hessian(loss.f)(loss.x)) < 1e-4


def test_a_sparse_result_that_is_not_to_be_had_says_why() -> None:
    x = jnp.ones(24)
    with pytest.raises(ValueError, match="needs a pattern that holds for every `x`"):
        jsc.autotune(lambda x: jnp.outer(x, x) @ x, x, output="bcoo", runner="inline", fresh=True)
    with pytest.raises(ValueError, match="is for a Jacobian or a Hessian, but got 'jmp'"):
        jsc.autotune(jnp.sin, x, "jmp", output="bcoo")
    with pytest.raises(ValueError, match="must be one of dense, bcoo, but got 'csr'"):
        jsc.autotune(jnp.sin, x, output="csr")  # type: ignore[arg-type]


def test_a_wrong_pattern_is_caught() -> None:
    require_asdex()
    diagonal = (jnp.arange(40), jnp.arange(40))
    with pytest.raises(ValueError, match="`sparsity` must have every entry"):
        tuned(lambda x: x * jnp.roll(x, 1), jnp.arange(1.0, 41.0), sparsity=diagonal)


def test_products_and_hessians() -> None:
    problem = jsc.problem("tanh_sum", rows=5, columns=6)
    v = jnp.ones_like(problem.x)
    hvp = tuned(problem.f, problem.x, "hvp")
    expected = jax.jvp(jax.grad(problem.f), (problem.x,), (v,))[1]
    assert relative_error(hvp(problem.x, v), expected) < 1e-5
    hessian = tuned(problem.f, problem.x, "hessian")
    assert relative_error(hessian(problem.x), jax.hessian(problem.f)(problem.x)) < 1e-5
    jmp = tuned(jnp.sin, jnp.ones(5), "jmp", vectors=3)
    assert relative_error(jmp(jnp.zeros(5), jnp.ones((3, 5))), jnp.ones((3, 5))) < 1e-6


def test_another_shape_dtype_or_structure_is_refused() -> None:
    jac = tuned(jnp.sin, jnp.ones(4))
    with pytest.raises(ValueError, match=r"`x` must be float32\[4\].*got float32\[5\]"):
        jac(jnp.ones(5))
    with pytest.raises(ValueError, match=r"`x` must be float32\[4\].*got int32\[4\]"):
        jac(jnp.ones(4, int))
    with pytest.raises(ValueError, match="must have the structure"):
        jac([jnp.ones(4)])


def test_what_can_not_be_tuned_says_why() -> None:
    with pytest.raises(TypeError, match="`f` must be a function, but got str"):
        tuned("f", jnp.ones(2))
    with pytest.raises(TypeError, match="function of one pytree, but it requires several"):
        tuned(lambda a, b: a * b, jnp.ones(2))
    with pytest.raises(ValueError, match="`time_limit` must be above 0"):
        tuned(jnp.sin, jnp.ones(2), time_limit=0)
    with pytest.raises(ValueError, match="`runner` must be local, inline, dask or"):
        tuned(jnp.sin, jnp.ones(2), runner="elsewhere")
    with pytest.raises(ValueError, match=r"No strategy works.*must be floating point"):
        tuned(jnp.argmax, jnp.ones(2))
    branching = jsc.problem("python_control_flow")
    with pytest.raises(ValueError, match="branches on the value"):
        tuned(branching.f, branching.x)


def test_where_nothing_could_be_measured_in_time_the_choice_is_by_the_rule() -> None:
    def slow(x: Any) -> Any:
        time.sleep(0.7)  # while it is traced
        return jnp.sin(x[:3])

    x = jnp.ones(8)
    jac, again = (jsc.autotune(slow, x, time_limit=0.05) for _ in range(2))
    assert jac.study.best() is None
    assert {row.status for row in jac.study.rows} == {"timed_out"}
    assert not again.remembered
    assert jac.strategy == "jax.jacrev"
    with pytest.raises(ValueError, match="No strategy works"):
        jsc.autotune(slow, x, memory_limit="1GB", time_limit=0.05)
    assert relative_error(jac(x), jax.jacfwd(lambda x: jnp.sin(x[:3]))(x)) < 1e-6


def test_where_nothing_was_measured_the_likeliest_is_taken() -> None:
    request = _checked(
        *(jnp.sin, jnp.ones(8), "jacobian", None, 5.0),
        vectors=None,
        sparsity=None,
        output="dense",
        runner="inline",
    )
    blank = Measurement("jacobian", "reverse/chunked/32", status="timed_out")
    rows = (blank, blank.but(strategy="jax.jacfwd"))
    planned = jsc.Study(rows=rows, environment={"cores": 2})
    assert _unmeasured(request, planned).strategy.name == "reverse/chunked/32"
    assert _unmeasured(request, jsc.Study(rows=rows)).strategy.name == "jax.jacfwd"


def test_the_fastest_is_taken_however_little_memory_a_tie_takes() -> None:
    row = Measurement("jacobian", "reverse/map", status="ok", median_s=1.0, q25_s=1.0, tie=True)
    fastest = row.but(predicted_bytes=200)
    tied = row.but(strategy="reverse/chunked/8", q25_s=1.3, median_s=1.3, predicted_bytes=100)
    own = row.but(strategy="jax.jacrev", q25_s=1.09)
    wrong = row.but(strategy="jax.jacfwd", q25_s=0.5, error=0.9)
    study = jsc.Study(rows=(tied, fastest.but(error=1e-7), wrong))
    assert study.best() == tied
    assert _fastest(study) == fastest.but(error=1e-7)
    assert _fastest(jsc.Study(rows=(tied, fastest, own))) == own
    assert _fastest(jsc.Study(rows=(tied.but(status="refused"),))) is None


def test_the_memory_limit_is_kept() -> None:
    problem = jsc.problem("outer_product", hidden=256, inputs=64)
    limit = 2_000_000
    jac = tuned(problem.f, problem.x, memory_limit=limit)
    row = jac.study.row(jac.strategy)
    assert row.predicted_bytes is not None
    assert row.predicted_bytes <= limit
    assert jac.study.row("jax.jacfwd").status == "refused"
    with pytest.raises(jsc.MemoryLimitError, match="above the memory limit"):
        tuned(problem.f, problem.x, memory_limit=10_000)


def test_what_was_killed_above_the_limit_has_no_figure() -> None:
    error = jsc.MemoryLimitError(None, 2_000_000, None)
    assert str(error).startswith("It took more than the memory limit of 2 MB, though it was")


def test_a_choice_is_remembered_and_the_jacobian_takes_it(folder: Path) -> None:
    f, x = lambda x: jnp.cos(x @ x), jnp.ones((6, 6))
    first, second = tuned(f, x), tuned(f, x)
    assert (first.remembered, second.remembered) == (False, True)
    assert first.strategy == second.strategy
    assert second.study.to_plain() == json.loads(json.dumps(first.study.to_plain()))
    (kept,) = (folder / "choices").iterdir()
    assert "pattern" not in kept.read_text()
    assert "coloring" not in kept.read_text()
    key = kept.stem
    remember(key, Choice(named("jacobian", "reverse/chunked/5"), first.study))
    assert remembered_strategy(f, x, "jacobian") == named("jacobian", "reverse/chunked/5")
    assert settle(Strategy("jacobian"), f, x).name == "reverse/chunked/5"
    assert relative_error(jsc.jacobian(f, x), jax.jacfwd(f)(x)) < 1e-5
    assert not tuned(f, x, fresh=True).remembered


def test_what_can_not_be_read_is_as_if_not_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = jsc.compare(jnp.sin, jnp.ones(2), runner="inline", chunk_sizes=())
    remember("key", Choice(named("jacobian", "jax.jacrev"), study))
    assert recall("key") is not None
    path = folder / "choices" / "key.json"
    for text in ("", "{", "[]", '{"schema": 9}', path.read_text().replace("jacrev", "jacque")):
        path.write_text(text)
        assert recall("key") is None
    monkeypatch.setenv("JACOSCOPE_CACHE", "")
    assert cache_folder() is None
    remember("key", Choice(named("jacobian", "jax.jacrev"), study))
    assert recall("key") is None
    monkeypatch.setenv("JACOSCOPE_CACHE", str(path))  # a file, no folder
    assert cache_folder() is None


def test_many_writers_leave_one_whole_choice() -> None:
    study = jsc.compare(jnp.sin, jnp.ones(2), runner="inline", chunk_sizes=())
    names = ["jax.jacfwd", "jax.jacrev", "reverse/vmap"]

    def write(turn: int) -> str | None:
        remember("key", Choice(named("jacobian", names[turn % 3]), study))
        found = recall("key")
        return None if found is None else found.strategy.name

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(60))) <= set(names)


def test_alike_functions_have_one_key_and_others_another() -> None:
    x = jnp.ones(3)

    def relu(x: Any) -> Any:
        return jax.nn.relu(x) * 2  # a custom rule: its jaxpr has an address

    key = fingerprint(relu, x, DEVICE, "jacobian")
    assert key == fingerprint(lambda t: jax.nn.relu(t) * 2, x, DEVICE, "jacobian")
    others = [
        fingerprint(lambda x: jax.nn.relu(x) * 3, x, DEVICE, "jacobian"),
        fingerprint(relu, jnp.ones(4), DEVICE, "jacobian"),
        fingerprint(relu, x.astype("bfloat16"), DEVICE, "jacobian"),
        fingerprint(relu, x, DEVICE, "hessian"),
    ]
    assert len({key, *others}) == 5
    branching = jsc.problem("python_control_flow")
    assert fingerprint(branching.f, branching.x, DEVICE) is None


@pytest.mark.parametrize("quantity", ["jacobian", "hessian", "hvp", "jmp", "mjp"])
def test_a_name_leads_back_to_its_strategy(quantity: Any) -> None:
    for vectors in (1, 9):
        for strategy in plan(quantity, 9, 9, vectors, (2, 4)):
            assert named(quantity, strategy.name) == strategy
    for name in ("forward/fast", "jax.jacobian", "chunked/forward", ""):
        with pytest.raises(ValueError, match="There is no strategy"):
            named(quantity, name)


def test_a_studys_advice_cites_its_measurements() -> None:
    study = jsc.compare(jnp.sin, jnp.ones(6), runner="inline", chunk_sizes=(2,))
    advice, best = study.advice, study.best()
    assert advice is not None
    assert best is not None
    assert (advice.strategy, advice.expected_s) == (best.strategy, best.median_s)
    assert (advice.textbook, advice.source) == ("forward", "measured")
    assert advice.reason.startswith("It took ")
    failed = jsc.compare(jnp.sin, jnp.ones(6, int), runner="inline")
    assert failed.advice is None


@pytest.mark.parametrize(
    ("ended", "status"),
    [("out_of_memory", "out_of_memory"), ("crashed", "crashed"), ("failed", "crashed")],
)
def test_a_peak_that_can_not_be_measured_has_its_own_reason(
    ended: Any, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Outcome(ended, "The scheduler has gone.")
    monkeypatch.setattr(_autotune, "run_job", lambda *_: lost)
    row = Measurement("jacobian", "forward/vmap", n_in=3, n_out=3)
    request: Any = SimpleNamespace(f=None, x=None, vectors=None, runner="local")
    tried = _autotune._peaked(row, request, {})
    assert (tried.status, tried.message) == (status, "The scheduler has gone.")


@pytest.mark.slow
def test_the_memory_limit_is_kept_by_the_measured_peak() -> None:
    """The program of findings.md: XLA predicts a thirtieth of what its YNN fusion takes."""

    def kernel_sums(x: Any) -> Any:
        apart = (x[:, None, :] - x[None, :, :]) ** 2
        return jnp.sum(jnp.exp(-jnp.sum(apart, axis=-1)), axis=1)

    x = jax.random.normal(jax.random.key(0), (1500, 3))
    free = jsc.autotune(kernel_sums, x, "jmp", vectors=2, time_limit=20.0, fresh=True)
    row = free.study.row(free.strategy)
    assert row.predicted_bytes is not None
    limit = max(2 * row.predicted_bytes, 16_000_000)
    with contextlib.suppress(jsc.MemoryLimitError):  # nothing may be left that fits
        jmp = jsc.autotune(kernel_sums, x, "jmp", limit, vectors=2, time_limit=20.0, fresh=True)
        peak = jmp.study.row(jmp.strategy).peak_bytes
        assert peak is None or peak <= limit
