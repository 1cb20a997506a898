"""The benchmarks' functions: finite, in float32, as sparse as they say, and of a size to build."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functions
from cases import NAMES, cases
from jacoscope import problems

DENSE_BYTES = 64e6
LEFT_OUT = {
    "plane_map",  # 2×2
    "python_control_flow",  # can't be jitted
    "tanh_sum",  # gradients, whose Hessians are what matters
    "chained_rosenbrock",
    "log_sum_exp",
}


def test_the_gallery_and_at_least_ten_more_are_there_and_a_third_is_sparse():
    assert len(set(NAMES)) == len(NAMES)
    assert set(problems()) - set(NAMES) == LEFT_OUT
    assert len(functions.__all__) >= 10
    assert set(functions.__all__) <= set(NAMES)
    assert sum(case.sparse for case in cases()) <= len(NAMES) / 3


def test_an_unknown_case_is_named():
    with pytest.raises(ValueError, match="There is no case 'nothing'"):
        next(cases(["nothing"]))


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_float32_and_fits(name: str) -> None:
    (case,) = cases([name])
    y = jax.eval_shape(case.f, case.x)
    dtypes = {leaf.dtype for leaf in jax.tree.leaves((case.x, y))}
    assert dtypes == {jnp.dtype("float32")}
    assert case.fits == (4 * case.n_in * case.n_out <= DENSE_BYTES)
    (again,) = cases([name])
    for ours, theirs in zip(jax.tree.leaves(case.x), jax.tree.leaves(again.x), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", functions.__all__)
def test_a_function_and_its_products_are_finite_and_agree(name: str) -> None:
    """The JVP and the VJP with random vectors give one number: ⟨u, Jv⟩ = ⟨Jᵀu, v⟩."""
    (case,) = cases([name])

    def drawn(tree, seed):
        leaves, structure = jax.tree.flatten(tree)
        rng = np.random.default_rng(seed)
        made = [jnp.asarray(rng.standard_normal(leaf.shape), jnp.float32) for leaf in leaves]
        return jax.tree.unflatten(structure, made)

    @jax.jit
    def products(x, v, u):
        y, pushed = jax.jvp(case.f, (x,), (v,))
        pulled = jax.vjp(case.f, x)[1](u)[0]
        return y, pushed, pulled

    v, u = drawn(case.x, 0), drawn(jax.eval_shape(case.f, case.x), 1)
    y, pushed, pulled = products(case.x, v, u)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves((y, pushed, pulled)))

    def dot(a, b):
        pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
        parts = [(np.ravel(p).astype(np.float64), np.ravel(q).astype(np.float64)) for p, q in pairs]
        scale = sum(np.abs(p) @ np.abs(q) for p, q in parts)
        return sum(p @ q for p, q in parts), scale

    forward, scale = dot(u, pushed)
    reverse, _ = dot(pulled, v)
    assert abs(forward - reverse) < 1e-4 * scale
