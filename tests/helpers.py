"""What tests share: measures of agreement, and functions of awkward kinds."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

# The gallery's problems with one number as output.
SCALAR = [
    "logistic_loss",
    "tanh_sum",
    "chained_rosenbrock",
    "log_sum_exp",
    "kmeans",
    "gaussian_mixture",
    "gaussian_process",
]


def relative_error(ours: Any, theirs: Any) -> float:
    """The largest difference over the largest entry, of trees of one structure."""
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    worst = scale = 0.0
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert jnp.shape(a) == jnp.shape(b)
        assert jnp.result_type(a) == jnp.result_type(b)
        if np.size(b):
            worst = max(worst, float(np.abs(np.asarray(a) - np.asarray(b)).max()))
            scale = max(scale, float(np.abs(np.asarray(b)).max()))
    return worst / scale if scale else worst


def nested_point(dtype: Any = None) -> dict[str, Any]:
    """A dict of a list and a tuple, with a scalar, a matrix and a None in it."""
    rng = np.random.default_rng(1)
    return {
        "list": [jnp.asarray(rng.standard_normal((2, 3)), dtype), jnp.asarray(0.5, dtype)],
        "tuple": (jnp.asarray(rng.standard_normal(4), dtype), None),
    }


def nested_function(x: dict[str, Any]) -> dict[str, Any]:
    """From `nested_point` to a dict of a vector and a scalar."""
    matrix, scalar = x["list"]
    vector, _ = x["tuple"]
    return {
        "a": jnp.sin(matrix.T @ matrix[:, 0]) * scalar,
        "b": (jnp.sum(vector**3) * jnp.exp(scalar),),
    }


def nested_scalar(x: dict[str, Any]) -> Any:
    """A number from `nested_point` with a full Hessian."""
    y = nested_function(x)
    return jnp.sum(y["a"] ** 2) + y["b"][0] * jnp.tanh(x["tuple"][0][0])


def while_loop(x: Any) -> Any:
    """A loop whose number of steps is known only when it runs."""
    return jax.lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, jnp.sin(c[1])), (0, x))[1]


@jax.custom_vjp
def only_reverse(x: Any) -> Any:
    """sin with a VJP rule of its own, so that forward mode has none."""
    return jnp.sin(x)


only_reverse.defvjp(lambda x: (jnp.sin(x), x), lambda x, u: (u * jnp.cos(x),))


def branching(x: Any) -> Any:
    """Branches on the value of its input."""
    return 2 * x**3 if jnp.sum(x) < 3 else jnp.pi * x


def require_asdex() -> Any:
    """Return asdex; skip where it does not work with this JAX, as asdex 0.5 with JAX 0.12."""
    reason = "asdex does not work with this JAX"
    return pytest.importorskip("asdex", reason=reason, exc_type=ImportError)
