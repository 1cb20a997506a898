"""Networks, by their inputs and by their parameters."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ._draws import Draws, Made


def convolution_network(side: int = 24, channels: int = 8, features: int = 32) -> Made:
    """From an image (side, side) to features: two 3×3 convolutions, each pooled by two."""
    draws = Draws()
    first = draws.normal(channels, 1, 3, 3, scale=0.3)
    second = draws.normal(2 * channels, channels, 3, 3, scale=0.1)
    head = draws.layer(2 * channels * (side // 4) ** 2, features)

    def block(image: jax.Array, kernel: jax.Array) -> jax.Array:
        mapped = jax.nn.gelu(lax.conv_general_dilated(image, kernel, (1, 1), "SAME"))
        return lax.reduce_window(mapped, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4

    def f(image: jax.Array) -> jax.Array:
        return head @ block(block(image[None, None], first), second).ravel()

    return f, draws.normal(side, side)


def attention(tokens: int = 16, width: int = 32, heads: int = 4) -> Made:
    """A transformer's block, (tokens, width) to the same: attention and a layer, both residual."""
    draws = Draws()
    queries, keys, values = (draws.normal(width, width, scale=width**-0.5) for _ in range(3))
    out, up = draws.layer(width, width), draws.layer(width, 4 * width)
    down = draws.layer(4 * width, width)

    def normed(x: jax.Array) -> jax.Array:
        centered = x - jnp.mean(x, -1, keepdims=True)
        return centered * lax.rsqrt(jnp.mean(centered**2, -1, keepdims=True) + 1e-5)

    def split(x: jax.Array) -> jax.Array:
        return x.reshape(tokens, heads, -1)

    def f(x: jax.Array) -> jax.Array:
        z = normed(x)
        q, k, v = split(z @ queries), split(z @ keys), split(z @ values)
        scores = jnp.einsum("qhd,khd->hqk", q, k) * (width / heads) ** -0.5
        mixed = jnp.einsum("hqk,khd->qhd", jax.nn.softmax(scores), v).reshape(tokens, width)
        x = x + mixed @ out.T
        return x + jax.nn.gelu(normed(x) @ up.T) @ down.T

    return f, draws.normal(tokens, width)


def graph_network(nodes: int = 64, width: int = 8, degree: int = 4, rounds: int = 3) -> Made:
    """Messages along the edges of a random graph, summed at each node, a few rounds of them."""
    draws = Draws()
    to = np.repeat(np.arange(nodes, dtype=np.int32), degree)
    of = draws.integers(nodes, nodes * degree)
    message, update = draws.layer(2 * width, width), draws.layer(2 * width, width)

    def round_of(h: jax.Array) -> jax.Array:
        sent = jnp.tanh(jnp.concatenate([h[of], h[to]], 1) @ message.T)
        heard = jax.ops.segment_sum(sent, to, nodes)
        return h + jnp.tanh(jnp.concatenate([h, heard], 1) @ update.T)

    def f(h: jax.Array) -> jax.Array:
        for _ in range(rounds):
            h = round_of(h)
        return h

    return f, draws.normal(nodes, width)


def softmax_regression(batch: int = 256, features: int = 64, classes: int = 10) -> Made:
    """Residuals of a softmax regression by its weights: probabilities less the labels."""
    draws = Draws()
    rows = draws.normal(batch, features)
    labels = jax.nn.one_hot(draws.integers(classes, batch), classes, dtype=jnp.float32)

    def f(w: dict[str, jax.Array]) -> jax.Array:
        return jax.nn.softmax(rows @ w["weights"] + w["bias"]) - labels

    x = {"weights": draws.normal(features, classes, scale=0.1), "bias": draws.normal(classes)}
    return f, x


def network_by_parameters(batch: int = 64, inputs: int = 16, hidden: int = 64) -> Made:
    """A network's outputs on a batch by its parameters: the rows of a neural tangent kernel."""
    draws = Draws()
    data = draws.normal(batch, inputs)
    x = [
        (draws.layer(of, to), draws.normal(to, scale=0.1))
        for of, to in [(inputs, hidden), (hidden, hidden), (hidden, 1)]
    ]

    def f(layers: list[tuple[jax.Array, jax.Array]]) -> jax.Array:
        h = data
        for weights, bias in layers[:-1]:
            h = jnp.tanh(h @ weights.T + bias)
        weights, bias = layers[-1]
        return (h @ weights.T + bias)[:, 0]

    return f, x


def physics_informed(points: int = 128, hidden: int = 24) -> Made:
    """Residuals of Burgers' equation for a network u(t, s), by the network's parameters."""
    draws = Draws()
    places = draws.uniform(-1.0, 1.0, points, 2)
    x = [
        (draws.layer(of, to), draws.normal(to, scale=0.1))
        for of, to in [(2, hidden), (hidden, hidden), (hidden, 1)]
    ]

    def u(layers: list[tuple[jax.Array, jax.Array]], t: jax.Array, s: jax.Array) -> jax.Array:
        h = jnp.stack([t, s])
        for weights, bias in layers[:-1]:
            h = jnp.tanh(weights @ h + bias)
        weights, bias = layers[-1]
        return (weights @ h + bias)[0]

    def residual(layers: list[tuple[jax.Array, jax.Array]], place: jax.Array) -> jax.Array:
        t, s = place
        by_s = jax.grad(u, 2)
        curved = jax.jvp(lambda s: by_s(layers, t, s), (s,), (jnp.ones(()),))[1]
        return jax.grad(u, 1)(layers, t, s) + u(layers, t, s) * by_s(layers, t, s) - 0.01 * curved

    def f(layers: list[tuple[jax.Array, jax.Array]]) -> jax.Array:
        return jax.vmap(lambda place: residual(layers, place))(places)

    return f, x
