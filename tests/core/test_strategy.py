"""Names, passes and the list of what a comparison measures."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import jacoscope as jsc
from jacoscope._strategy import Strategy, plan


def test_names() -> None:
    assert Strategy("jacobian", "linearize", "chunked", 64).name == "linearize/chunked/64"
    assert Strategy("hessian", None, "vmap", order="linearize").name == "linearize/vmap"
    assert Strategy("hvp", None, "map", order="linearize").name == "hvp/linearize/map"


def test_linearized_passes_go_forward() -> None:
    strategy = Strategy("jacobian", "linearize", "vmap")
    assert strategy.direction == "forward"
    assert strategy.passes(3, 40, 1) == 3
    assert Strategy("jacobian", "reverse", "vmap").direction == "reverse"


@pytest.mark.parametrize(
    ("quantity", "vectors", "expected"),
    [
        ("jacobian", 1, ["linearize/vmap", "linearize/chunked/64"]),
        ("hessian", 1, ["linearize/vmap", "linearize/chunked/64"]),
        ("hvp", 128, ["hvp/linearize/vmap"]),
        ("hvp", 1, []),
    ],
)
def test_linearize_is_planned_in_few_sizes(
    quantity: Any, vectors: int, expected: list[str]
) -> None:
    names = [each.name for each in plan(quantity, 999, 999, vectors, (8, 64, 256))]
    assert [name for name in names if "linearize" in name] == expected
    assert len(names) == len(set(names))


@pytest.mark.parametrize("quantity", ["hessian", "hvp"])
def test_linearized_rows_are_right(quantity: Any) -> None:
    study = jsc.compare(
        lambda x: jnp.sum(jnp.sin(x) * x[::-1] ** 2),
        jnp.arange(12.0) / 12,
        quantity,
        chunk_sizes=(5,),
        vectors=6 if quantity == "hvp" else None,
        runner="inline",
        time_limit=30.0,
    )
    rows = [row for row in study.rows if row.order == "linearize"]
    assert rows
    for row in rows:
        assert row.status == "ok", row.message
        assert row.error is not None
        assert row.error < 1e-5


def test_one_linearization_for_all_columns() -> None:
    def primitives(mode: Any) -> set[str]:
        program = jax.make_jaxpr(lambda x: jsc.jacobian(jnp.sin, x, mode, "chunked", 2))
        return {equation.primitive.name for equation in program(jnp.ones(6)).eqns}

    assert "cos" in primitives("linearize")  # outside the loop over columns
    assert "cos" not in primitives("forward")
