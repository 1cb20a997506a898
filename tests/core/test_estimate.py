"""The estimate that ranks strategies, and the walk over a jaxpr below it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import jacoscope as jsc
from jacoscope._estimate import WEIGHTS, estimate, ingredients
from jacoscope._shortlist import rank, shortlist
from jacoscope._strategy import plan
from tests.helpers import only_reverse, while_loop


def amounts(f: Any, *arguments: Any) -> dict[str, float]:
    return ingredients(jax.make_jaxpr(f)(*arguments).jaxpr)


def test_what_a_program_is_made_of_is_counted() -> None:
    A, b = jnp.ones((5, 7)), jnp.ones(7)
    found = amounts(lambda b: jnp.sin(A @ b), b)
    assert found["dot"] == 2 * 5 * 7
    assert found["transcendental"] == 5
    found = amounts(lambda b: b.at[jnp.arange(3)].add(2.0), b)
    assert found["scatter"] == 3
    assert amounts(jnp.sort, b)["sort"] == pytest.approx(7 * 2.807, rel=1e-3)
    assert amounts(jnp.linalg.cholesky, jnp.eye(6))["solve"] == 36 * 6


def test_a_loop_counts_as_often_as_it_runs_and_unused_work_not_at_all() -> None:
    def looped(x: Any) -> Any:
        return jax.lax.scan(lambda c, _: (jnp.sin(c), jnp.cos(c)), x, None, length=12)[0]

    found = amounts(looped, jnp.ones(4))
    assert found["transcendental"] == 12 * 4  # the cosines that nobody takes are none
    assert found["step"] == 12

    def branched(x: Any) -> Any:
        return jax.lax.cond(x[0] > 0, lambda x: jnp.sin(jnp.cos(x)), lambda x: x + 1, x)

    assert amounts(branched, jnp.ones(4))["transcendental"] == 8  # the dearer branch
    assert amounts(while_loop, jnp.ones(4))["transcendental"] == 4  # once, as far as is known


def test_every_kind_of_work_has_a_weight() -> None:
    names = [each for each in jsc.problems() if each != "python_control_flow"]
    for name in names:
        problem = jsc.problem(name)
        assert set(amounts(problem.f, problem.x)) <= {*WEIGHTS}


def test_more_work_is_estimated_to_take_longer() -> None:
    small, large = (estimate(lambda a: a @ a, jnp.ones((n, n))) for n in (64, 256))
    assert large.seconds > 10 * small.seconds
    assert large.largest == "dot"


def test_what_can_not_be_traced_is_left_out_of_the_ranking() -> None:
    strategies = plan("jacobian", 4, 4, 1, (2,))
    ranked = [each.strategy.name for each in rank(strategies, only_reverse, (jnp.ones(4),))]
    assert "jax.jacrev" in ranked
    assert "jax.jacfwd" not in ranked
    assert not any(name.endswith("/loop") for name in ranked)
    ranked = [each.strategy.name for each in rank(strategies, while_loop, (jnp.ones(4),))]
    assert "jax.jacfwd" in ranked
    assert "jax.jacrev" not in ranked


def test_the_shortlist_holds_both_of_jaxs_own_whatever_their_estimate() -> None:
    problem = jsc.problem("tall_curve", points=512)
    strategies = plan("jacobian", 8, 512, 1, (2, 64))
    names = [each.name for each in shortlist(strategies, problem.f, (problem.x,))]
    assert {"jax.jacfwd", "jax.jacrev"} <= set(names[:3])
