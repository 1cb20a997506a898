"""Colored strategies in a comparison: when they are measured, and what their rows say."""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._break_even import break_even_calls
from jacoscope._colored_plan import plan_colored
from jacoscope._measure import measure
from jacoscope._scene import Options, set_scene
from tests.helpers import require_asdex

require_asdex()


def banded(x: Any) -> Any:
    y = jnp.pad(x, 1)
    return jnp.sin(y[:-2]) * y[1:-1] + y[2:] ** 2


def arrow(x: Any) -> Any:
    return jnp.concatenate([jnp.sum(x**2)[None], x[1:] * x[0] + jnp.sin(x[1:])])


def filtered(x: Any) -> Any:
    """Sparse, but through an fft of which nothing can be proven."""
    return banded(x) + 0.0 * jnp.sum(jnp.round(jnp.abs(jnp.fft.rfft(x))))


X = jnp.linspace(-1.0, 1.0, 40)


def planned(f: Any, x: Any = X, quantity: Any = "jacobian", sparsity: Any = None) -> Any:
    scene = set_scene(f, x, Options(quantity=quantity), jax.devices()[0])
    return plan_colored(quantity, scene, sparsity, failed={})


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (banded, {"forward/colored": 3, "reverse/colored": 3}),
        (arrow, {"mixed/colored": 3}),
        (lambda x: jnp.ones((40, 40)) @ x, {}),
        (lambda x: jnp.sin(x[:9]), {}),  # so few passes that there is nothing to win
    ],
)
def test_planned_where_it_saves_passes(f: Any, expected: dict[str, int]) -> None:
    plan = planned(f)
    assert not plan.failed
    found = {each.name: each.passes(40, 40, 1) for each in plan.strategies}
    assert found.items() >= expected.items()
    assert all(count < 40 for count in found.values())
    assert set(found) == set(expected)


def test_the_pattern_says_how_it_is_known() -> None:
    assert planned(banded).strategies[0].coloring.pattern.known == "proven"
    assert planned(filtered).strategies[0].coloring.pattern.known == "probed"
    given = planned(banded, sparsity=np.asarray(jax.jacfwd(banded)(X)) != 0)
    assert given.strategies[0].coloring.pattern.known == "given"


def test_rows_of_a_comparison() -> None:
    study = jsc.compare(banded, X, chunk_sizes=(), runner="inline", time_limit=30.0)
    row = study.row("forward/colored")
    assert (row.status, row.mode, row.batching, row.passes) == ("ok", "forward", "colored", 3)
    assert row.message == "Sparsity proven for every x: 118 entries of 40 × 40 in 3 passes."
    assert row.prep_s is not None
    assert row.prep_s > 0
    assert row.error is not None
    assert row.error < 1e-5
    assert study.row("forward/vmap").prep_s is None


def test_a_pattern_is_looked_for_where_it_is_asked_for() -> None:
    def names(*only: str) -> set[str]:
        study = measure(banded, X, Options(only=only, time_limit=30.0)).study
        return {row.strategy for row in study.rows}

    assert names("forward/map") == {"forward/map"}
    assert names("forward/map", "colored") == {"forward/map", "forward/colored", "reverse/colored"}


def test_hessians_and_a_worker() -> None:
    study = jsc.compare(
        _chain, X, "hessian", chunk_sizes=(), time_limit=40.0, sparsity=_tridiagonal(40)
    )
    row = study.row("forward_over_reverse/colored")
    assert row.status == "ok", row.message
    assert row.passes is not None
    assert row.passes <= 3
    assert row.message.startswith("Sparsity given: 118 entries")
    assert row.error is not None
    assert row.error < 1e-5


def _chain(x: Any) -> Any:
    return jnp.sum(x[1:] ** 2 * jnp.sin(x[:-1]))


def _tridiagonal(n: int) -> np.ndarray:
    return np.tri(n, k=1) - np.tri(n, k=-2)


def test_a_wrong_pattern_is_a_row() -> None:
    plan = planned(banded, sparsity=np.eye(40))
    assert [each.name for each in plan.strategies] == ["forward/colored"]
    status, message = plan.failed["forward/colored"]
    assert status == "unsupported"
    assert "`sparsity` must have every entry" in message
    _, message = planned(banded, sparsity=np.eye(3)).failed["forward/colored"]
    assert "`sparsity` must have shape (40, 40), but got (3, 3)" in message


def test_without_asdex_a_row_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asdex", None)
    status, message = planned(banded).failed["forward/colored"]
    assert status == "unsupported"
    assert "pip install 'jacoscope[sparse]'" in message
    assert planned(lambda x: jnp.ones((40, 40)) @ x).strategies == ()


def test_what_has_failed_before_is_not_looked_into() -> None:
    scene = set_scene(banded, X, Options(), jax.devices()[0])
    plan = plan_colored("jacobian", scene, failed={"forward/colored": ("crashed", "It died.")})
    assert plan.strategies[0].coloring is None


def test_products_have_no_colors() -> None:
    assert planned(banded, quantity="jmp").strategies == ()


def test_what_is_no_pattern_is_said_at_once() -> None:
    with pytest.raises(TypeError, match="`sparsity` must be a matrix"):
        jsc.compare(banded, X, sparsity="tridiagonal")


def row(**seconds: float) -> jsc.Measurement:
    return jsc.Measurement("jacobian", "any", **seconds)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("ours", "rival", "calls"),
    [
        (row(prep_s=1.0, compile_s=1.0, median_s=0.1), row(compile_s=0.5, median_s=0.6), 3),
        (row(compile_s=0.1, median_s=0.1), row(compile_s=0.5, median_s=0.6), 1),
        (row(compile_s=1.0, median_s=0.6), row(compile_s=0.5, median_s=0.6), None),
        (row(compile_s=1.0, median_s=0.7), row(compile_s=0.5, median_s=0.6), None),
        (row(compile_s=1.0), row(compile_s=0.5, median_s=0.6), None),
        (row(median_s=0.1), row(compile_s=0.5, median_s=0.6), None),
    ],
)
def test_calls_until_it_pays(ours: Any, rival: Any, calls: int | None) -> None:
    assert break_even_calls(ours, rival) == calls
