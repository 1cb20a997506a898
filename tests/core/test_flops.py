"""FLOPs: loops multiplied, and XLA's own count as the oracle where there is no loop."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import jacoscope as jsc
from jacoscope._cost import compile_program
from jacoscope._flops import ONCE, count_work

W = jnp.ones((64, 64))


def xla_flops(f: Any, *arguments: Any) -> float:
    analysis = jax.jit(f).lower(*arguments).compile().cost_analysis()
    return float(analysis["flops"])  # pyright: ignore[reportOptionalSubscript, reportArgumentType]


def scanned(length: int) -> Any:
    return lambda x: jax.lax.scan(lambda c, _: (jnp.tanh(W @ c), None), x, None, length)[0]


def test_a_scan_is_multiplied_by_its_length() -> None:
    x = jnp.ones(64)
    short, long = (count_work(scanned(length), x) for length in (16, 256))
    assert long.flops / short.flops == pytest.approx(16, rel=0.01)
    assert short.flops == pytest.approx(16 * xla_flops(lambda x: jnp.tanh(W @ x), x), rel=0.01)
    assert (short.loop_factor, long.loop_factor) == (16, 256)
    # what is corrected: XLA itself reports the same for both
    assert xla_flops(scanned(16), x) == xla_flops(scanned(256), x)


@pytest.mark.parametrize(
    "loop",
    [
        lambda x: jax.lax.fori_loop(0, 10, lambda _, c: jnp.tanh(W @ c), x),
        lambda x: jax.lax.map(lambda r: W @ r, jnp.broadcast_to(x, (10, 64))),
        lambda x: jax.lax.scan(
            lambda c, _: (jax.lax.scan(lambda d, _: (W @ d, None), c, None, 5)[0], None),
            x,
            None,
            2,
        )[0],
    ],
    ids=["fori", "map", "nested"],
)
def test_other_static_loops(loop: Any) -> None:
    work = count_work(loop, jnp.ones(64))
    assert work.flops == pytest.approx(10 * 2 * 64 * 64, rel=0.02)
    assert work.note == ""


def test_a_while_loop_is_counted_once_and_says_so() -> None:
    def f(x: Any) -> Any:
        return jax.lax.while_loop(lambda c: c.sum() < 1e9, lambda c: W @ c, x)

    work = count_work(f, jnp.ones(64))
    assert work.note == ONCE
    assert work.flops == pytest.approx(2 * 64 * 64, rel=0.05)


@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        ("square_mlp", {"width": 64}),
        ("logistic_regression", {"batch": 64, "features": 32}),
        ("tall_curve", {}),
        ("wide_loss", {}),
        ("tanh_sum", {}),
    ],
)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_agrees_with_xla_where_there_is_no_loop(name: str, knobs: Any, mode: Any) -> None:
    problem = jsc.problem(name, **knobs)

    def builder(x: Any) -> Any:
        return jsc.jacobian(problem.f, x, mode)

    ours = count_work(builder, problem.x).flops
    assert ours == pytest.approx(xla_flops(builder, problem.x), rel=0.25)


def test_dead_code_is_not_counted() -> None:
    def f(x: Any) -> Any:
        _ = W @ x
        return x + 1

    assert count_work(f, jnp.ones(64)).flops == 64


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("chunk_size", [8, 32])
def test_chunks_cost_what_vmap_costs(mode: Any, chunk_size: int) -> None:
    problem = jsc.problem("square_mlp", width=64)
    whole, chunked = (
        count_work(lambda x, how=how: jsc.jacobian(problem.f, x, mode, chunk_size=how), problem.x)
        for how in (None, chunk_size)
    )
    assert chunked.flops == pytest.approx(whole.flops, rel=0.15)


def test_small_chunks_recompute_the_primal() -> None:
    problem = jsc.problem("square_mlp", width=64)
    whole, two = (
        count_work(lambda x, n=n: jsc.jacobian(problem.f, x, "forward", chunk_size=n), problem.x)
        for n in (None, 2)
    )
    primal = count_work(problem.f, problem.x).flops
    assert two.flops - whole.flops == pytest.approx(31 * primal, rel=0.15)


def test_bytes_accessed_are_multiplied_too() -> None:
    x = jnp.ones(64)
    _, short = compile_program(scanned(16), (x,))
    _, long = compile_program(scanned(256), (x,))
    assert long.bytes_accessed / short.bytes_accessed == pytest.approx(16, rel=0.05)  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]


def test_what_only_prints_is_no_work() -> None:
    def f(x: Any) -> Any:
        jax.debug.print("{}", x)
        return 2 * x

    assert count_work(f, jnp.ones(3)).flops == 3.0
