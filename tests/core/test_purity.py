"""Two traces of a function held together."""

from __future__ import annotations

import functools
import itertools
import random
from collections import deque
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._purity import DIFFERS, Purity, alike, look_twice
from tests.helpers import branching, nested_function, nested_point, only_reverse, while_loop

X = jnp.linspace(0.2, 1.2, 3)
WEIGHTS = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]], np.float32)
RNG = np.random.default_rng()
kept: dict[str, Any] = {}


def scanned(x: Any) -> Any:
    return jax.lax.scan(lambda c, _: (c * RNG.random(3), None), x, None, 3)[0]


def either(x: Any) -> Any:
    factor = random.random()
    return jax.lax.cond(x[0] > 0, lambda x: factor * x, lambda x: x, x)


COUNT = itertools.count()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * random.random(),
        lambda x: x * RNG.random(3),
        lambda x: x * RNG.normal(),
        lambda x: x * next(COUNT),
        lambda x: x if next(COUNT) % 2 else jnp.sin(x),
        lambda x: x[: 1 + next(COUNT) % 2],
        lambda x: x * jax.random.normal(jax.random.key(next(COUNT)), (3,)),
        lambda x: (
            jax.random.normal(jax.random.wrap_key_data(jnp.array([0, next(COUNT)], "uint32"))) * x
        ),
        lambda x: 2 * jax.jit(lambda x: x * RNG.random(3))(x),
        jax.vmap(lambda x: x * random.random()),
        jax.jit(lambda x: x * random.random()),
        functools.partial(jax.jit(lambda x: x * random.random())),
        scanned,
        either,
    ],
)
def test_what_depends_on_more_than_x(f: Any) -> None:
    found = look_twice(f, X)
    assert found == Purity(differs=True)
    assert found.note == DIFFERS


@pytest.mark.parametrize(
    "f",
    [
        jnp.sin,
        jax.jit(jnp.sin),
        while_loop,
        only_reverse,
        lambda x: x @ WEIGHTS,
        lambda x: x @ jnp.asarray(WEIGHTS),
        lambda x: x * jnp.nan,
        lambda x: x * jax.random.normal(jax.random.key(1), (3,)),
        lambda x: jax.nn.gelu(jax.nn.relu(x)) + jax.scipy.special.logsumexp(x),
        lambda x: jnp.linalg.solve(jnp.outer(x, x) + jnp.eye(3), x),
        lambda x: x * np.random.default_rng(0).random(3),
        jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))),  # pyright: ignore[reportPrivateImportUsage]
        lambda x: jax.pure_callback(np.sin, jax.ShapeDtypeStruct((3,), np.float32), x),
        branching,  # it can't be traced
    ],
)
def test_what_depends_on_x_alone(f: Any) -> None:
    assert look_twice(f, X) == Purity()
    assert Purity().note == ""


@pytest.mark.parametrize("name", jsc.problems())
def test_no_problem_of_the_gallery_differs(name: str) -> None:
    problem = jsc.problem(name)
    assert look_twice(problem.f, problem.x) == Purity()


def test_pytrees_and_several_arguments() -> None:
    assert look_twice(nested_function, nested_point()) == Purity()
    assert look_twice(lambda a, b: a * b * random.random(), (X, X), argnums=1).differs
    assert not look_twice(lambda a, b: a * b, (X, X), argnums=(0, 1)).differs


class Model:
    """One that keeps what it computes."""

    def __init__(self) -> None:
        self.hidden: Any = None

    def __call__(self, x: Any) -> Any:
        self.hidden = jnp.sin(x)
        return self.hidden

    def method(self, x: Any) -> Any:
        return self(x)


def to_a_global(x: Any) -> Any:
    kept["y"] = jnp.sin(x)
    return kept["y"]


def test_what_a_trace_leaves_behind() -> None:
    last: deque[Any] = deque(maxlen=1)

    def to_a_closure(x: Any) -> Any:
        last.append(x)
        return x

    for f, name in (
        (to_a_global, "kept"),
        (jax.jit(to_a_global), "kept"),
        (functools.partial(to_a_global), "kept"),
        (to_a_closure, "last"),
        (Model(), "Model.hidden"),
        (Model().method, "Model.hidden"),
    ):
        kept.clear()
        found = look_twice(f, X)
        assert found == Purity(left=(name,))
        assert f"has left traced values in `{name}`" in found.note


def test_what_is_left_behind_and_used() -> None:
    before: list[Any] = []

    def f(x: Any) -> Any:
        before.append(x)
        return x + before[0]

    assert look_twice(f, X) == Purity(uses_left=True, left=("before",))


def test_a_second_trace_that_fails() -> None:
    once = [2.0]
    assert look_twice(lambda x: x * once.pop(), X) == Purity(differs=True)


def test_nothing_is_said_within_a_trace() -> None:
    found = []

    def outer(x: Any) -> Any:
        found.append(look_twice(lambda y: x * y * random.random(), np.ones(3, np.float32)))
        return x

    jax.jit(outer)(X)
    assert found == [Purity()]


def test_jaxprs_are_alike_whatever_their_names() -> None:
    def trace(f: Any) -> Any:
        return jax.make_jaxpr(f)(X)

    assert alike(trace(lambda a: a * 2 + 1), trace(lambda b: b * 2 + 1))
    for other in (
        lambda a: a * 2 + 2,
        lambda a: a * 2 - 1,
        lambda a: (a * 2)[:2] + 1,
        lambda a: (a * 2 + 1, a),
        lambda a: jnp.flip(a) * 2 + 1,
    ):
        assert not alike(trace(lambda a: a * 2 + 1), trace(other))
    assert not alike(trace(lambda a: (a, a + 1)), trace(lambda a: (a + 1, a)))
    assert not alike(trace(lambda a: a.reshape(3, 1)), trace(lambda a: a.reshape(1, 3)))
    assert not alike(trace(jnp.cumsum), trace(lambda a: jnp.cumsum(a, dtype=int)))
