"""Estimation, transport and simulation, by what they are fitted with."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ._draws import Draws, Made


def kalman_filter(steps: int = 48, states: int = 6, seen: int = 3) -> Made:
    """The filtered means of a Kalman filter by its transition matrix and log variances."""
    draws = Draws()
    observed, data = draws.normal(seen, states), draws.normal(steps, seen)
    eye = jnp.eye(states, dtype=jnp.float32)

    def f(x: dict[str, jax.Array]) -> jax.Array:
        drift, noise = jnp.diag(jnp.exp(x["drift"])), jnp.diag(jnp.exp(x["noise"]))

        def step(carry: tuple, y: jax.Array) -> tuple[tuple, jax.Array]:
            mean, spread = carry
            mean = x["transition"] @ mean
            spread = x["transition"] @ spread @ x["transition"].T + drift
            innovation = observed @ spread @ observed.T + noise
            gain = jnp.linalg.solve(innovation, observed @ spread).T
            mean = mean + gain @ (y - observed @ mean)
            return (mean, (eye - gain @ observed) @ spread), mean

        return jax.lax.scan(step, (jnp.zeros(states, jnp.float32), eye), data)[1]

    x = {
        "transition": 0.9 * eye + draws.normal(states, states, scale=0.05),
        "drift": draws.normal(states, scale=0.1),
        "noise": draws.normal(seen, scale=0.1),
    }
    return f, x


def sinkhorn(points: int = 64, rounds: int = 20) -> Made:
    """The potentials of an entropic transport plan by the logarithms of the masses it moves."""
    draws = Draws()
    a, b = draws.normal(points, 2), draws.normal(points, 2)
    kernel = -2 * jnp.sum((a[:, None] - b) ** 2, -1)

    def f(log_mass: jax.Array) -> jax.Array:
        log_mass = jax.nn.log_softmax(log_mass)

        def turn(v: jax.Array, _: None) -> tuple[jax.Array, None]:
            u = log_mass - jax.nn.logsumexp(kernel + v, axis=1)
            return -np.log(points) - jax.nn.logsumexp(kernel + u[:, None], axis=0), None

        return jax.lax.scan(turn, jnp.zeros(points, jnp.float32), None, rounds)[0]

    return f, draws.normal(points, scale=0.3)


def ridge_predictions(rows: int = 256, features: int = 48) -> Made:
    """Predictions of a ridge regression by the logarithms of one penalty a feature."""
    draws = Draws()
    design, targets = draws.normal(rows, features), draws.normal(rows)

    def f(log_penalties: jax.Array) -> jax.Array:
        normal = design.T @ design + jnp.diag(jnp.exp(log_penalties))
        factor = jax.scipy.linalg.cho_factor(normal)
        return design @ jax.scipy.linalg.cho_solve(factor, design.T @ targets)

    return f, draws.normal(features, scale=0.5)


def diffusion_paths(paths: int = 1024, steps: int = 32) -> Made:
    """End points of simulated paths of a stochastic volatility model by its six parameters."""
    draws = Draws()
    shocks = draws.normal(steps, 2, paths)
    h = 1 / steps

    def f(x: dict[str, jax.Array]) -> jax.Array:
        p = jax.tree.map(jnp.exp, x)
        blend = jnp.tanh(x["blend"])

        def step(carry: tuple, shock: jax.Array) -> tuple[tuple, None]:
            price, variance = carry
            other = blend * shock[0] + jnp.sqrt(1 - blend**2) * shock[1]
            root = jnp.sqrt(variance * h)
            price = price - variance * h / 2 + root * shock[0]
            pulled = p["pull"] * (p["level"] - variance) * h
            return (price, jax.nn.softplus(variance + pulled + p["jitter"] * root * other)), None

        start = jnp.full(paths, p["price"]), jnp.full(paths, p["variance"])
        return jax.lax.scan(step, start, shocks)[0][0]

    names = ("price", "variance", "pull", "level", "jitter", "blend")
    return f, dict(zip(names, draws.normal(6, scale=0.3), strict=True))
