"""Every order against JAX's own Hessian, and Hessians built by columns."""

from __future__ import annotations

from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import jacoscope as jsc
from jacoscope._hessian import Order
from tests.helpers import nested_point, nested_scalar, relative_error

pytestmark = pytest.mark.usefixtures("quickly_compiled")

ORDERS = get_args(Order)


def flat_hvp(f: Any, x: Any, v: Any) -> np.ndarray:
    """JAX's Hessian of the flattened function, times the flattened vector."""
    flat_x, unravel = ravel_pytree(x)
    flat_v, _ = ravel_pytree(v)
    return np.asarray(jax.hessian(lambda flat: f(unravel(flat)))(flat_x) @ flat_v)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("order", ORDERS)
def test_orders_on_the_matrix(order: Any) -> None:
    problem = jsc.problem("tanh_sum", dtype="float64")
    v = jnp.asarray(np.random.default_rng(0).standard_normal((30, 40)))
    expected = jnp.tensordot(jax.hessian(problem.f)(problem.x), v, 2)
    assert relative_error(jsc.hvp(problem.f, problem.x, v, order), expected) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("order", ORDERS)
def test_orders_on_nested_trees(order: Any) -> None:
    x = nested_point(jnp.float64)
    v = jax.tree.map(lambda leaf: jnp.cos(leaf + 1), x)
    ours = jsc.hvp(nested_scalar, x, v, order)
    assert jax.tree.structure(ours) == jax.tree.structure(x)
    flat, _ = ravel_pytree(ours)
    np.testing.assert_allclose(flat, flat_hvp(nested_scalar, x, v), rtol=1e-10, atol=1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("batching", "chunk_size"), [("auto", None), ("map", None), ("auto", 3)])
def test_hessians(order: Any, batching: Any, chunk_size: int | None) -> None:
    x = nested_point(jnp.float64)
    ours = jsc.hessian(nested_scalar, x, order, batching, chunk_size)
    assert relative_error(ours, jax.hessian(nested_scalar)(x)) < 1e-10


def test_what_has_no_hessian() -> None:
    with pytest.raises(TypeError, match=r"needs `f` to return one number.*Sum it"):
        jsc.hvp(jnp.sin, jnp.ones(3), jnp.ones(3))
    with pytest.raises(TypeError, match="needs `f` to return one number"):
        jsc.hessian(lambda x: (jnp.sum(x),), jnp.ones(3))
    with pytest.raises(ValueError, match="`order` must be one of forward_over_reverse"):
        jsc.hvp(jnp.sum, jnp.ones(3), jnp.ones(3), "backwards")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"`v` must have x's shape \(3,\), but got \(4,\)"):
        jsc.hvp(jnp.sum, jnp.ones(3), jnp.ones(4))
