"""The whole gallery: every way of every problem against JAX's own and the closed forms.

The sizes come from the knobs, so that a new family is tested as it is added. One program per
problem holds all ways, compiled without optimization: that takes a fraction of the time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._failure import Failure, attempt
from jacoscope.problems import Family, Problem, families, family
from tests.helpers import SCALAR, relative_error

pytestmark = pytest.mark.usefixtures("quickly_compiled")

EAGER = {"python_control_flow"}
IMPOSSIBLE = {("while_loop", "reverse"), ("custom_vjp", "forward")}
BUILTIN: dict[str, Callable[..., Any]] = {"forward": jax.jacfwd, "reverse": jax.jacrev}
NAMES = [each.name for each in families()]
CHOICES = [
    (each.name, knob.name, choice)
    for each in families()
    for knob in each.sizes
    for choice in knob.choices
    if choice != knob.default
]


def size_of(tree: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def knobs_at(each: Family, size: str) -> dict[str, int]:
    """Values of all integer knobs: the lowest, the default, or something between."""

    def value(knob: Any) -> int:
        between = min(knob.low + knob.default // 4, knob.high)
        return {"lowest": knob.low, "between": between, "default": knob.default}[size]

    return {knob.name: value(knob) for knob in each.sizes if not knob.choices}


def at_once(name: str, program: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if name in EAGER:
        return program
    return jax.jit(program, compiler_options={"xla_backend_optimization_level": 0})


def check(problem: Problem, ways: list[tuple[str, int | None]]) -> None:
    """All ways, and the closed form, equal JAX's Jacobian in float64."""
    f, x, name = problem.f, problem.x, problem.name
    modes = [mode for mode in BUILTIN if (name, mode) not in IMPOSSIBLE]
    n_out = size_of(f(x) if name in EAGER else jax.eval_shape(f, x))
    passes = {"forward": size_of(x), "reverse": n_out}
    plan: list[tuple[Any, Any, int | None]] = [
        (mode, batching, chunk)
        for mode in modes
        for batching, chunk in ways
        if not (batching == "loop" and passes[mode] > 12)
        and not (name in EAGER and batching in ("map", "folded"))  # which trace the function
    ]

    def program(x: Any) -> Any:
        theirs = [BUILTIN[mode](f)(x) for mode in modes]
        ours = [jsc.jacobian(f, x, *way) for way in plan]
        return theirs, ours, problem.jacobian(x) if problem.jacobian else None

    theirs, ours, closed = at_once(name, program)(x)
    for mode, result in zip(modes, theirs, strict=True):
        assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(result))
        assert relative_error(result, theirs[0]) < 1e-10, mode
    for way, result in zip(plan, ours, strict=True):
        assert relative_error(result, theirs[0]) < 1e-10, way
    if closed is not None:
        assert relative_error(closed, theirs[0]) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", NAMES)
def test_chunks_what_is_folded_and_closed_form_equal_jax(name: str) -> None:
    knobs = knobs_at(family(name), "between")
    check(jsc.problem(name, dtype="float64", **knobs), [("chunked", 3), ("folded", None)])


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("size", ["lowest", "between", "default"])
@pytest.mark.parametrize("name", NAMES)
def test_every_way_equals_jax(name: str, size: str) -> None:
    problem = jsc.problem(name, dtype="float64", **knobs_at(family(name), size))
    check(problem, [("vmap", None), ("map", None), ("loop", None), ("chunked", 1), ("chunked", 7)])


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("name", "knob", "choice"), CHOICES)
def test_every_choice_equals_jax(name: str, knob: str, choice: str) -> None:
    knobs = {**knobs_at(family(name), "between"), knob: choice}
    check(jsc.problem(name, dtype="float64", **knobs), [])


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", SCALAR)
def test_hessians_equal_jaxs(name: str) -> None:
    problem = jsc.problem(name, dtype="float64", **knobs_at(family(name), "between"))

    def program(x: Any) -> Any:
        chunked = jsc.hessian(problem.f, x, batching="chunked", chunk_size=3)
        return jax.hessian(problem.f)(x), chunked

    theirs, ours = at_once(name, program)(problem.x)
    assert relative_error(ours, theirs) < 1e-10


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("order", ["reverse_over_forward", "reverse_over_reverse"])
@pytest.mark.parametrize("name", SCALAR)
def test_orders_of_hessians_equal_jaxs(name: str, order: Any) -> None:
    problem = jsc.problem(name, dtype="float64", **knobs_at(family(name), "between"))
    ours = jax.jit(lambda x: jsc.hessian(problem.f, x, order))(problem.x)
    assert relative_error(ours, jax.hessian(problem.f)(problem.x)) < 1e-10


def test_the_scalar_problems_are_all_in_the_list() -> None:
    found = [
        each.name
        for each in families()
        if each.name not in EAGER
        and jax.tree.leaves(jax.eval_shape((p := each.problem()).f, p.x))[0].shape == ()
    ]
    assert found == SCALAR


@pytest.mark.parametrize(("name", "mode"), sorted(IMPOSSIBLE))
def test_what_a_mode_can_not_do_is_said(name: str, mode: Any) -> None:
    problem = jsc.problem(name)
    with pytest.raises((TypeError, ValueError), match=r"while_loop|custom_vjp"):
        BUILTIN[mode](problem.f)(problem.x)
    said = attempt(lambda: jsc.jacobian(problem.f, problem.x, mode))
    assert isinstance(said, Failure)
    assert said.status == "unsupported"
    automatic = jsc.jacobian(problem.f, problem.x)
    assert problem.jacobian is not None
    assert relative_error(automatic, problem.jacobian(problem.x)) < 1e-5


@pytest.mark.parametrize("name", [name for name in NAMES if name not in EAGER])
def test_a_problem_in_float32_can_be_checked_in_float64(name: str) -> None:
    problem = jsc.problem(name)
    jax.eval_shape(problem.f, problem.x)  # what a first trace leaves behind must not matter
    with jax.enable_x64(True):
        x = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, jnp.float64), problem.x)
        mode = jax.jacrev if (name, "forward") in IMPOSSIBLE else jax.jacfwd
        for leaf in jax.tree.leaves(jax.eval_shape(mode(problem.f), x)):
            assert leaf.dtype == np.float64


@pytest.mark.parametrize("name", NAMES)
def test_another_size_compiles_nothing(name: str, caplog: pytest.LogCaptureFixture) -> None:
    each = family(name)
    knob = each.sizes[0]
    if knob.choices:
        return
    first = each.problem().settings[knob.name]
    with jax.log_compiles(), caplog.at_level(logging.DEBUG):
        each.problem(**{knob.name: int(first) + 1})
    assert not [record for record in caplog.messages if "ompiling" in record]


def test_groups_stand_together_and_sweeps_end_at_a_telling_size() -> None:
    groups = [each.group for each in families()]
    assert sorted(groups, key=groups.index) == groups
    assert len(set(groups)) <= 10
    titles = [each.title for each in families()]
    assert len(set(titles)) == len(titles)
    for each in families():
        first = each.sizes[0]
        if each.telling:
            assert first.name in each.telling
            assert all(isinstance(value, int) for value in each.telling.values())
        else:
            assert first.choices or each.name in EAGER


def entries(problem: Problem) -> np.ndarray:
    """The Jacobian as one dense matrix, by JAX."""
    rows = jax.tree.leaves(jax.eval_shape(problem.f, problem.x))
    whole = jax.jit(jax.jacfwd(problem.f))(problem.x)
    blocks = iter(jax.tree.leaves(whole))
    columns = jax.tree.leaves(problem.x)
    return np.block(
        [[np.reshape(next(blocks), (row.size, column.size)) for column in columns] for row in rows]
    )


@pytest.mark.parametrize(
    ("name", "knobs", "in_a_row"),
    [
        ("squared_differences", {"unknowns": 9}, 2),
        ("broyden_tridiagonal", {"unknowns": 9}, 3),
        ("broyden_banded", {"unknowns": 12}, 7),
        ("broyden_banded", {"unknowns": 12, "below": 0, "above": 2}, 3),
        ("brusselator", {"side": 4}, 6),
        ("burgers", {"steps": 2, "cells": 11}, 5),
        ("bundle_adjustment", {"points": 5, "cameras": 3}, 11 - 1 + 3 + 1),
        ("fft_convolution", {"samples": 8, "taps": 3}, 3),
    ],
)
def test_what_is_sparse(name: str, knobs: dict[str, int], in_a_row: int) -> None:
    matrix = np.abs(entries(jsc.problem(name, **knobs)))
    counts = (matrix > 1e-6 * matrix.max()).sum(axis=1)
    assert counts.max() == in_a_row


def test_an_arrow_has_a_dense_row_and_column() -> None:
    matrix = entries(jsc.problem("arrow", unknowns=6))
    off_diagonal = matrix - np.diag(np.diag(matrix))
    assert np.count_nonzero(off_diagonal) == np.count_nonzero(off_diagonal[0]) * 2 == 10


@pytest.mark.parametrize(("name", "band"), [("chained_rosenbrock", 1), ("kmeans", 0)])
def test_sparse_hessians(name: str, band: int) -> None:
    problem = jsc.problem(name, **knobs_at(family(name), "between"))
    n = size_of(problem.x)
    hessian = np.reshape(jax.hessian(problem.f)(problem.x), (n, n))
    beyond = hessian - np.triu(np.tril(hessian, band), -band)
    assert np.count_nonzero(beyond) == 0
    assert np.count_nonzero(np.diag(hessian)) > 0


@pytest.mark.parametrize("name", ["elementwise_chain", "rnn_rollout", "lorenz96"])
def test_checkpoints_keep_less(name: str) -> None:
    def kept(checkpoint: str) -> int:
        p = jsc.problem(name, steps=100, checkpoint=checkpoint)
        return sum(each.bytes for each in jsc.residuals(p.f, p.x))

    nothing, steps, blocks = (kept(c) for c in ("nothing", "each step", "blocks of steps"))
    # a step that is computed again keeps its inputs, a little more in JAX 0.12 than its outputs
    assert 1.05 * nothing > steps > 2 * blocks


def test_the_brusselator_of_the_benchmark_has_2048_unknowns() -> None:
    problem = jsc.problem("brusselator", side=32)
    shape = jax.eval_shape(jax.jacfwd(problem.f), problem.x).shape
    assert shape == (2, 32, 32, 2, 32, 32)


def test_log_sum_exp_overflows_as_written_only() -> None:
    for formula, finite in (("shifted", True), ("as written", False)):
        problem = jsc.problem("log_sum_exp", offset=100, formula=formula)
        assert bool(jnp.isfinite(jax.grad(problem.f)(problem.x)).all()) == finite


def test_kepler_is_solved() -> None:
    problem = jsc.problem("custom_vjp", orbits=50)
    angle = problem.f(problem.x)
    back = angle - problem.x["eccentricity"] * jnp.sin(angle)
    np.testing.assert_allclose(back, problem.x["anomaly"], rtol=1e-5, atol=1e-6)
