"""What reverse mode keeps: against JAX's own total, and before and after a checkpoint."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import jacoscope as jsc
from tests.helpers import nested_point, nested_scalar

W = jnp.ones((64, 64)) / 64


def chain(length: int) -> Any:
    def f(x: Any) -> Any:
        return jax.lax.scan(lambda c, _: (jnp.tanh(c @ W), None), x, None, length)[0]

    return f


def jax_total(f: Any, x: Any) -> int:
    leaves = jax.tree.leaves(jax.eval_shape(lambda x: jax.vjp(f, x)[1], x))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: jnp.sin(jnp.tanh(W @ x)), jnp.ones(64)),
        (chain(16), jnp.ones(64)),
        (nested_scalar, nested_point()),
    ],
    ids=["plain", "scan", "nested"],
)
def test_total_is_jaxs(f: Any, x: Any) -> None:
    found = jsc.residuals(f, x)
    assert sum(each.bytes for each in found) == jax_total(f, x)


def test_where_they_arise() -> None:
    def f(x: Any) -> Any:
        return jnp.sin(W @ x) * x

    found = jsc.residuals(f, jnp.ones(64))
    cosine = next(each for each in found if each.primitive == "cos")
    assert (cosine.shape, cosine.dtype, cosine.bytes) == ((64,), "float32", 256)
    assert cosine.source is not None
    assert "test_residuals.py" in cosine.source
    assert any(each.primitive == "argument" for each in found)


def test_what_f_prints_is_not_among_them() -> None:
    def f(x: Any) -> Any:
        print("f32[9] output of cos from nowhere.py:1:1 (f)\nx is", x)
        return jnp.sin(x)

    for policy in (None, jax.checkpoint_policies.everything_saveable):
        [cosine] = jsc.residuals(f, jnp.ones(64), policy)
        assert (cosine.primitive, cosine.bytes) == ("cos", 256)


def test_a_policy_keeps_less() -> None:
    def f(x: Any) -> Any:
        return jnp.sum(jnp.sin(jnp.exp(jnp.tanh(x))))

    x = jnp.ones(100)
    before = sum(each.bytes for each in jsc.residuals(f, x))
    after = jsc.residuals(f, x, policy=jax.checkpoint_policies.nothing_saveable)
    assert sum(each.bytes for each in after) == 400 < before
    assert [each.primitive for each in after] == ["argument"]


def test_a_policy_is_a_function() -> None:
    with pytest.raises(TypeError, match=r"functions in `jax.checkpoint_policies`, got 'dots'"):
        jsc.residuals(jnp.sin, jnp.ones(3), policy="dots")  # pyright: ignore[reportArgumentType]


def temp_bytes(f: Any, *arguments: Any) -> int:
    stats = jax.jit(f).lower(*arguments).compile().memory_analysis()
    assert stats is not None
    return stats.temp_size_in_bytes


def test_depth_costs_reverse_mode_memory() -> None:
    x = jnp.ones(64)

    def f(W: Any, length: int, checkpointed: bool = False) -> Any:
        def step(c: Any, _: Any) -> Any:
            return jnp.sin(jnp.exp(jnp.tanh(W @ c))), None

        body = jax.checkpoint(step) if checkpointed else step  # pyright: ignore[reportPrivateImportUsage]
        return lambda x: jax.lax.scan(body, x, None, length)[0]

    def forward(length: int) -> int:
        return temp_bytes(lambda x, v, W: jsc.jvp(f(W, length), x, v), x, x, W)

    def reverse(length: int, checkpointed: bool = False) -> int:
        return temp_bytes(lambda x, u, W: jsc.vjp(f(W, length, checkpointed), x, u), x, x, W)

    assert forward(16) == forward(256)
    assert reverse(256) > 10 * reverse(16)
    for length in (16, 256):
        assert forward(length) < 0.8 * reverse(length, checkpointed=True)
        assert reverse(length, checkpointed=True) < 0.8 * reverse(length)
