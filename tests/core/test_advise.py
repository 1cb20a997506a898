"""`advise`, and what `auto` means where nothing was tuned."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import jacoscope as jsc
from jacoscope._advice import follows, measured_advice, textbook
from jacoscope._settle import settle
from jacoscope._strategy import Strategy
from tests.helpers import (
    nested_function,
    nested_point,
    only_reverse,
    relative_error,
    require_asdex,
    while_loop,
)

INDICES = jax.random.permutation(jax.random.key(0), 4096)


def scattered(x: Any) -> Any:
    """Reverse mode has to scatter, forward mode only gathers; n_in is above n_out."""
    return jnp.sin(x[INDICES[:1024]]) * x[0]


def test_a_tall_and_a_wide_function_get_the_textbooks_mode() -> None:
    for name, rule in (("tall_mlp", "forward"), ("wide_mlp", "reverse")):
        knobs = {"outputs": 512} if name == "tall_mlp" else {"inputs": 512}
        problem = jsc.problem(name, **knobs)
        advice = jsc.advise(problem.f, problem.x)
        assert (advice.textbook, advice.agrees) == (rule, True)
        assert advice.predicted_bytes is not None
        assert advice.expected_s is not None
        assert advice.source == "estimated"
        assert advice.reason.startswith(f"By estimate {advice.strategy} takes about")


def test_where_the_rule_is_far_off_the_advice_departs_from_it() -> None:
    x = jnp.ones(2048)
    advice = jsc.advise(lambda x: jnp.cumsum(x)[INDICES[:1900] // 2], x)
    assert advice.textbook == "reverse"
    assert not advice.agrees
    assert "times less than jax.jacrev, which the rule picks" in advice.reason


@pytest.mark.parametrize(
    ("builtin_s", "said"),
    [
        (0.97e-4, "about as long as jax.jacfwd, which the rule picks"),
        (1.7e-4, "1.7 times less than jax.jacfwd, which the rule picks"),
    ],
)
def test_measured_advice_boasts_of_no_loss(builtin_s: float, said: str) -> None:
    def row(name: str, median_s: float, tie: bool) -> jsc.Measurement:
        made = jsc.Measurement("jacobian", name, mode="forward", n_in=3, n_out=64)
        return made.but(median_s=median_s, q25_s=median_s, tie=tie)

    study = jsc.Study(
        (row("jax.jacfwd", builtin_s, False), row("forward/vmap", 1e-4, True)), empty_call_s=1e-6
    )
    advice = measured_advice(study.rows, study.rows[1])
    assert advice is not None
    assert said in advice.reason


def test_a_sparse_function_is_colored() -> None:
    require_asdex()
    problem = jsc.problem("broyden_banded", unknowns=256)
    advice = jsc.advise(problem.f, problem.x)
    assert advice.strategy.endswith("/colored")
    hessian = jsc.problem("chained_rosenbrock", unknowns=200)
    advice = jsc.advise(hessian.f, hessian.x, "hessian")
    assert advice.strategy == "forward_over_reverse/colored"
    assert (advice.textbook, advice.agrees) == ("forward_over_reverse", True)


def test_the_memory_limit_is_kept_by_prediction() -> None:
    problem = jsc.problem("outer_product", hidden=128, inputs=48)
    free = jsc.advise(problem.f, problem.x)
    limit = 4 * 48 * 48 * 4 + 20 * 128 * 128 * 4
    advice = jsc.advise(problem.f, problem.x, memory_limit=limit)
    assert advice.predicted_bytes is not None
    assert advice.predicted_bytes <= limit
    assert free.predicted_bytes is not None
    with pytest.raises(jsc.MemoryLimitError, match="above the memory limit") as caught:
        jsc.advise(problem.f, problem.x, memory_limit=4 * 48 * 48)
    assert (caught.value.needed_bytes or 0) > 4 * 48 * 48


@pytest.mark.parametrize(
    ("quantity", "rule"),
    [("jmp", "forward"), ("mjp", "reverse"), ("hvp", "forward_over_reverse")],
)
def test_every_quantity_has_advice(quantity: Any, rule: str) -> None:
    problem = jsc.problem("logistic_loss" if quantity == "hvp" else "square_mlp")
    advice = jsc.advise(problem.f, problem.x, quantity)
    assert advice.textbook == rule
    assert advice.strategy


def test_pytrees_have_advice() -> None:
    assert jsc.advise(nested_function, nested_point()).agrees


def test_a_mode_that_can_not_pass_is_not_advised() -> None:
    assert "rev" in jsc.advise(only_reverse, jnp.ones(5)).strategy
    assert "rev" not in jsc.advise(while_loop, jnp.ones(5)).strategy


def test_what_can_not_be_advised_says_why() -> None:
    with pytest.raises(TypeError, match="`f` must be a function, but got int"):
        jsc.advise(3, jnp.ones(2))  # pyright: ignore[reportArgumentType]
    branching = jsc.problem("python_control_flow")
    with pytest.raises(ValueError, match=r"can't be traced.*branches on the value"):
        jsc.advise(branching.f, branching.x)
    with pytest.raises(ValueError, match="`quantity` must be one of"):
        jsc.advise(jnp.sin, jnp.ones(2), "gradient")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("quantity", ["hessian", "hvp"])
def test_a_hessian_of_many_numbers_says_what_it_needs(quantity: Any) -> None:
    with pytest.raises(TypeError, match=r"A Hessian needs `f` to return one number"):
        jsc.advise(jnp.sin, jnp.ones(3), quantity)


def test_the_textbook_and_who_follows_it() -> None:
    assert textbook("jacobian", 3, 4) == "forward"
    assert textbook("hessian", 3, 3) == "forward_over_reverse"
    assert follows("forward", None, "forward")
    assert not follows("reverse", None, "forward")
    assert follows(None, "linearize", "forward_over_reverse")
    assert not follows(None, "reverse_over_reverse", "forward_over_reverse")


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("jitted", [False, True])
def test_auto_is_right_whatever_it_takes(jitted: bool) -> None:
    for f, x in (
        (scattered, jnp.ones(4096)),
        (while_loop, jnp.ones(5)),
        (only_reverse, jnp.ones(5)),
    ):
        both = jax.jacrev if f is only_reverse else jax.jacfwd
        ours = (jax.jit if jitted else lambda g: g)(lambda x, f=f: jsc.jacobian(f, x))(x)
        assert relative_error(ours, both(f)(x)) < 1e-10


def test_auto_keeps_what_is_given() -> None:
    x = jnp.ones((40, 30))

    def f(x: Any) -> Any:
        return jnp.tanh(x @ x.T)

    for mode in ("forward", "reverse", "linearize", None):
        for batching in ("map", "vmap", None):
            settled = settle(Strategy("jacobian", mode, batching), f, x)
            assert mode in (None, settled.mode)
            assert batching in (None, settled.batching)
            assert settled.mode is not None
            assert settled.batching is not None
    settled = settle(Strategy("jacobian", None, "chunked", 7), f, x)
    assert (settled.batching, settled.chunk_size) == ("chunked", 7)
    w = jnp.ones((1_000, 1_000))
    few = settle(Strategy("jacobian", None, "chunked", 64), lambda x: (w @ (w @ x))[:9], w[0])
    assert few.name == "reverse/vmap"  # all nine rows at once, and not the columns in chunks
    assert (
        settle(Strategy("hessian", None, None, None, "linearize"), jnp.sum, x).order == "linearize"
    )
