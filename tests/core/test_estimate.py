"""The estimate that ranks strategies, and the walk over a jaxpr below it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import jacoscope as jsc
from jacoscope._estimate import WEIGHTS, estimate, ingredients
from jacoscope._scene import Options, Scene, set_scene
from jacoscope._shortlist import Shortlist, rank
from jacoscope._strategy import plan
from tests.helpers import only_reverse, while_loop


def amounts(f: Any, *arguments: Any) -> dict[str, float]:
    return ingredients(jax.make_jaxpr(f)(*arguments).jaxpr)


def scene_of(f: Any, x: Any) -> Scene:
    return set_scene(f, x, Options(), jax.devices()[0])


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
    shortlist = Shortlist(strategies, scene_of(problem.f, problem.x))
    names = [each.name for each in shortlist.waiting]
    assert {"jax.jacfwd", "jax.jacrev"} <= set(names[:3])


def test_the_shortlist_follows_what_has_run() -> None:
    """Reverse mode takes a hundred times what was estimated, so the rest of it comes last."""
    shortlist = Shortlist(
        plan("jacobian", 64, 64, 1, (8, 32)), scene_of(lambda x: jnp.sin(x) * x.sum(), jnp.ones(64))
    )
    handed = [shortlist.take() for _ in range(3)]
    for each in handed:
        assert each is not None
        shortlist.learn(each, 1e-3 if each.direction == "reverse" else 1e-5)
    rest = [str(each.direction) for each in shortlist.waiting if each.batching != "vmap"]
    assert {"forward", "reverse"} == set(rest)
    assert rest == sorted(rest)


def test_under_a_memory_limit_one_pass_at_a_time_is_worth_trying() -> None:
    problem = jsc.problem("tall_curve", points=4096)
    strategies = plan("jacobian", 8, 4096, 1, (2, 64))
    for limited in (False, True):
        shortlist = Shortlist(strategies, scene_of(problem.f, problem.x), limited=limited)
        assert ("reverse/map" in {each.name for each in shortlist.waiting}) == limited


def test_the_shortlist_hands_each_out_once() -> None:
    shortlist = Shortlist(plan("jacobian", 16, 16, 1, (4,)), scene_of(jnp.sin, jnp.ones(16)))
    expected = [each.name for each in shortlist.waiting]
    handed = []
    while (strategy := shortlist.take()) is not None:
        handed.append(strategy.name)
    assert handed == expected
    assert len(handed) == len(set(handed)) > 3
