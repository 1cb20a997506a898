"""Logistic regression: the example of the JAX documentation's page on JVPs and VJPs.

With the default sizes and seed, data and parameters are those of that page.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts

SOURCE = "JAX documentation, Forward- and reverse-mode autodiff in JAX"
_ROWS = np.array(
    [[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]]
)
_LABELS = np.array([1.0, 1.0, 0.0, 1.0])

_SIZES = (
    Knob("batch", "Batch size", 4, "Rows of data: the outputs of the prediction.", 1, 65_536),
    Knob("features", "Features", 3, "Columns of data: the length of W.", 1, 8_192),
    Knob("wrt", "With respect to", "W", "What is differentiated.", choices=("W", "(W, b)")),
)


def _sigmoid(z: Array) -> Array:
    return 0.5 * (jnp.tanh(z / 2) + 1)


def _data(
    batch: int, features: int, seed: int, dtype: Any
) -> tuple[Float[Array, "batch features"], Float[Array, " batch"], Array, Array]:
    _, w_key, b_key = jax.random.split(jax.random.key(seed), 3)  # as the page splits it
    w = jax.random.normal(w_key, (features,), jnp.float32).astype(dtype)
    b = jax.random.normal(b_key, (), jnp.float32).astype(dtype)
    if (batch, features) == _ROWS.shape:
        return jnp.asarray(_ROWS, dtype), jnp.asarray(_LABELS, dtype), w, b
    draws = Draws(seed, dtype)
    return draws.normal(batch, features), draws.coins(batch), w, b


def _over(z: Any, w: Array, b: Array, wrt: str) -> tuple[Any, Any]:
    """The function of the scores as a function of W or of (W, b), and its point."""
    if wrt == "W":
        return lambda w: z(w, b), w
    return lambda wb: z(*wb), (w, b)


def _make_predict(*, batch: int, features: int, wrt: str, seed: int, dtype: Any) -> Parts:
    rows, _, w, b = _data(batch, features, seed, dtype)
    f, x = _over(lambda w, b: _sigmoid(rows @ w + b), w, b, wrt)

    def jacobian(x: Any) -> Any:
        s = f(x)
        slope = s * (1 - s)
        by_w = slope[:, None] * rows
        return by_w if wrt == "W" else (by_w, slope)

    return Parts(f, x, jacobian)


def _make_loss(*, batch: int, features: int, wrt: str, seed: int, dtype: Any) -> Parts:
    rows, labels, w, b = _data(batch, features, seed, dtype)

    def loss(w: Array, b: Array) -> Array:
        z = rows @ w + b
        return jnp.sum(jax.nn.softplus(z) - labels * z)

    f, x = _over(loss, w, b, wrt)

    def jacobian(x: Any) -> Any:
        w_, b_ = (x, b) if wrt == "W" else x
        miss = _sigmoid(rows @ w_ + b_) - labels
        by_w = miss @ rows
        return by_w if wrt == "W" else (by_w, jnp.sum(miss))

    return Parts(f, x, jacobian)


PREDICT = Family(
    name="logistic_regression",
    title="Logistic regression, predictions",
    group="Logistic regression",
    about="Predictions as a function of W: J = diag(s(1−s))·X, one row for each row of data.",
    formula=(
        r"f(w) = \sigma(X w + b), \quad J = \operatorname{diag}\bigl(s (1 - s)\bigr) X, \quad "
        r"s = f(w)"
    ),
    source=SOURCE,
    make=_make_predict,
    sizes=_SIZES,
    telling={"batch": 512, "features": 32},
    largest={"batch": 2048, "features": 256},
)

LOSS = Family(
    name="logistic_loss",
    title="Logistic regression, loss",
    group="Logistic regression",
    about="Negative log-likelihood of the labels: one output, so one VJP gives the whole gradient.",
    formula=(
        r"f(w) = \sum_i \log(1 + e^{z_i}) - y_i z_i, \quad z = X w + b, \quad \nabla f = "
        r"X^\top \bigl(\sigma(z) - y\bigr)"
    ),
    source=SOURCE,
    make=_make_loss,
    sizes=_SIZES,
    telling={"batch": 2048, "features": 256},
)
