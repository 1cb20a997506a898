"""What `autotune` tries under a memory limit: the fewest chunks that fit, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from jacoscope import _search
from jacoscope._fit import predict_bytes
from jacoscope._strategy import Strategy, named
from tests.core.test_autotune import tuned
from tests.helpers import relative_error


@pytest.fixture(autouse=True)
def _nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACOSCOPE_CACHE", str(tmp_path))


def test_the_fewest_chunks_that_fit_are_tried_beside_those_of_usual_sizes() -> None:
    def f(x: Any) -> Any:
        return jnp.sin(jnp.outer(x, x)) @ x

    x = jnp.linspace(-1.0, 1.0, 96)
    jac = tuned(f, x, memory_limit=800_000, time_limit=60.0)
    ready = {row.chunk_size: row for row in jac.study.rows if row.status == "ok"}
    between = set(ready) - {None, 8, 32, 128}
    assert between
    assert all((row.predicted_bytes or 0) <= 800_000 for row in ready.values())
    assert all(8 < (chunk or 0) < 96 for chunk in between)
    assert relative_error(jac(x), jax.jacfwd(f)(x)) < 1e-5


def test_chunks_that_fit_and_are_of_a_usual_size_are_made_ready_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def f(x: Any) -> Any:
        return jnp.sin(jnp.outer(x, x)) @ x

    begun: list[str] = []
    begin = _search.begin

    def noted(strategy: Strategy, *given: Any) -> Any:
        begun.append(strategy.name)
        return begin(strategy, *given)

    monkeypatch.setattr(_search, "begin", noted)
    x = jnp.linspace(-1.0, 1.0, 64)
    needed = predict_bytes(named("jacobian", "forward/chunked/8"), f, (x,))
    assert needed is not None
    jac = tuned(f, x, memory_limit=needed + 100, time_limit=60.0)
    assert jac.study.row("jax.jacfwd").status == "refused"
    assert jac.study.row("forward/chunked/8").status == "ok"
    assert begun.index("forward/chunked/8") == begun.index("jax.jacfwd") + 1
    assert len(begun) == len(set(begun))
