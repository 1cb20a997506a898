"""Products with one vector and with many, against JAX's own, in every batching."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from tests.helpers import branching, nested_function, nested_point, relative_error

pytestmark = pytest.mark.usefixtures("quickly_compiled")

WAYS = [("loop", None), ("map", None), ("vmap", None), ("chunked", 3), ("chunked", 5)]


def stack(tree: Any, count: int) -> Any:
    """Vectors like a tree, all different."""
    rng = np.random.default_rng(3)
    return jax.tree.map(
        lambda leaf: jnp.asarray(rng.standard_normal((count, *leaf.shape)), leaf.dtype), tree
    )


@pytest.mark.usefixtures("x64")
def test_one_vector() -> None:
    x = nested_point(jnp.float64)
    v = jax.tree.map(lambda leaf: leaf[0], stack(x, 1))
    y, pushed = jsc.jvp(nested_function, x, v)
    expected = jax.jvp(nested_function, (x,), (v,))
    assert relative_error((y, pushed), expected) == 0
    u = jax.tree.map(lambda leaf: leaf[0], stack(y, 1))
    y_again, pulled = jsc.vjp(nested_function, x, u)
    assert relative_error(pulled, jax.vjp(nested_function, x)[1](u)[0]) == 0
    assert relative_error(y_again, y) == 0
    left = sum(map(jnp.vdot, jax.tree.leaves(u), jax.tree.leaves(pushed)))
    right = sum(map(jnp.vdot, jax.tree.leaves(pulled), jax.tree.leaves(v)))
    np.testing.assert_allclose(left, right, rtol=1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("batching", "chunk_size"), WAYS)
def test_many_vectors(batching: Any, chunk_size: int | None) -> None:
    x = nested_point(jnp.float64)
    V = stack(x, 5)
    pushed = jsc.jmp(nested_function, x, V, batching, chunk_size)
    expected = jax.vmap(lambda v: jax.jvp(nested_function, (x,), (v,))[1])(V)
    assert relative_error(pushed, expected) < 1e-12
    y, pullback = jax.vjp(nested_function, x)
    U = stack(y, 5)
    pulled = jsc.mjp(nested_function, x, U, batching, chunk_size)
    assert relative_error(pulled, jax.vmap(pullback)(U)[0]) < 1e-12


def test_vector_valued_gradient() -> None:
    np.testing.assert_allclose(jsc.vgrad(lambda x: 3 * x**2, jnp.ones((2, 2))), 6 * np.ones((2, 2)))


def test_linear_part_of_what_jit_refuses() -> None:
    x = jnp.asarray(4.0)
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(branching)(x)
    y, push, pull = jsc.linear_part(branching, x)
    assert float(y) == pytest.approx(4 * np.pi)
    assert float(push(1.0)) == float(pull(1.0)) == pytest.approx(np.pi)
    # still jitted, and still right inside another jit
    assert float(jax.jit(lambda u: pull(u) + push(u))(2.0)) == pytest.approx(4 * np.pi)
    problem = jsc.problem("python_control_flow")
    assert float(jsc.linear_part(problem.f, problem.x)[2](1.0)) == pytest.approx(np.pi)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: jsc.jvp(jnp.sin, jnp.ones(3), jnp.ones(4)), r"`v` must have x's shape \(3,\)"),
        (lambda: jsc.vjp(jnp.sin, jnp.ones(3), (1.0,)), r"`u` must have f\(x\)'s structure"),
        (lambda: jsc.jmp(jnp.sin, jnp.ones(3), jnp.ones(3)), r"`V` must stack k vectors.*\(k, 3\)"),
        (lambda: jsc.mjp(jnp.sin, jnp.ones(3), jnp.ones((2, 4))), "`U` must stack k vectors"),
        (
            lambda: jsc.jmp(sum, [1.0, 2.0], [jnp.ones(2), jnp.ones(3)]),
            r"`V` must have as many vectors in each leaf, but got \[2, 3\]",
        ),
    ],
)
def test_vectors_that_do_not_fit(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
