"""Signals, curves and images: transforms, interpolation, features."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ._draws import Draws, Made


def b_spline(controls: int = 256, samples: int = 2048) -> Made:
    """Samples of the logarithm of a cubic B-spline, four of its control values in each: sparse."""
    draws = Draws()
    t = np.linspace(0.0, controls - 3 - 1e-3, samples)
    start = np.floor(t).astype(np.int32)
    r = (t - start)[:, None]
    parts = [(1 - r) ** 3, 3 * r**3 - 6 * r**2 + 4, -3 * r**3 + 3 * r**2 + 3 * r + 1, r**3]
    weights = jnp.asarray(np.concatenate(parts, 1) / 6, jnp.float32)
    which = start[:, None] + np.arange(4, dtype=np.int32)

    def f(x: jax.Array) -> jax.Array:
        return jnp.log(jnp.sum(weights * jnp.exp(x[which]), 1))

    return f, draws.normal(controls)


def natural_spline(knots: int = 128, samples: int = 1024) -> Made:
    """Samples of the natural cubic spline through values at equal knots: dense, by a solve."""
    draws = Draws()
    inner = knots - 2
    matrix = 4 * np.eye(inner) + np.eye(inner, k=1) + np.eye(inner, k=-1)
    solved = jnp.asarray(6 * np.linalg.inv(matrix), jnp.float32)
    t = np.linspace(0.0, knots - 1 - 1e-3, samples)
    left = np.floor(t).astype(np.int32)
    b = jnp.asarray(t - left, jnp.float32)
    a = 1 - b

    def f(x: jax.Array) -> jax.Array:
        y = jnp.exp(x)
        second = jnp.pad(solved @ (y[2:] - 2 * y[1:-1] + y[:-2]), 1)
        bent = (a**3 - a) * second[left] + (b**3 - b) * second[left + 1]
        return a * y[left] + b * y[left + 1] + bent / 6

    return f, draws.normal(knots, scale=0.5)


def homography(side: int = 48) -> Made:
    """An image seen through a homography of eight numbers, bilinear: registration's residuals."""
    draws = Draws()
    across = np.linspace(0.0, 6.0, side)
    waves = np.sin(across)[:, None] * np.cos(1.3 * across)
    image = jnp.asarray(waves, jnp.float32) + draws.normal(side, side, scale=0.05)
    grid = np.stack(np.meshgrid(*[np.linspace(-1.0, 1.0, side)] * 2, indexing="ij"), -1)
    places = jnp.asarray(grid.reshape(-1, 2), jnp.float32)

    def f(h: jax.Array) -> jax.Array:
        moved = places + places @ h[:4].reshape(2, 2) + h[4:6]
        moved = moved / (1 + places @ h[6:])[:, None]
        at = jnp.clip((moved + 1) * (side - 1) / 2, 0.0, side - 1.001)
        low = jnp.floor(at).astype(jnp.int32)
        i, j = low[:, 0], low[:, 1]
        di, dj = (at - low)[:, 0], (at - low)[:, 1]
        upper = image[i, j] * (1 - dj) + image[i, j + 1] * dj
        lower = image[i + 1, j] * (1 - dj) + image[i + 1, j + 1] * dj
        return upper * (1 - di) + lower * di

    return f, draws.normal(8, scale=0.03)


def spectral_burgers(cells: int = 256, steps: int = 8) -> Made:
    """Steps of Burgers' equation with derivatives by FFT and two thirds of the modes kept."""
    draws = Draws()
    waves = 2 * np.pi * np.fft.rfftfreq(cells, 1 / cells)
    slope = jnp.asarray(1j * waves, jnp.complex64)
    kept = jnp.asarray(np.arange(len(waves)) < cells // 3, jnp.float32)
    damped = jnp.asarray(np.exp(-1e-3 * 2e-3 * waves**2), jnp.float32)

    def step(u: jax.Array, _: None) -> tuple[jax.Array, None]:
        flux = jnp.fft.rfft(u**2 / 2) * kept
        return jnp.fft.irfft((jnp.fft.rfft(u) - 1e-3 * slope * flux) * damped, cells), None

    def f(u: jax.Array) -> jax.Array:
        return jax.lax.scan(step, u, None, steps)[0]

    start = np.sin(2 * np.pi * np.arange(cells) / cells)
    return f, jnp.asarray(start, jnp.float32) + draws.normal(cells, scale=0.01)


def log_mel(samples: int = 1024, window: int = 512, hop: int = 128, bands: int = 40) -> Made:
    """The logarithm of a sound's power in overlapping frames, in triangular bands."""
    draws = Draws()
    frames = 1 + (samples - window) // hop
    which = (hop * np.arange(frames)[:, None] + np.arange(window)).astype(np.int32)
    taper = jnp.asarray(np.hanning(window), jnp.float32)
    bins = np.arange(window // 2 + 1)
    edges = np.geomspace(2, window // 2, bands + 2)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    bank = jnp.asarray(np.maximum(0, np.minimum(rising, falling)), jnp.float32)

    def f(x: jax.Array) -> jax.Array:
        spectrum = jnp.fft.rfft(x[which] * taper)
        power = spectrum.real**2 + spectrum.imag**2
        return jnp.log(power @ bank.T + 1e-3)

    return f, draws.normal(samples)


def whitened_polynomials(features: int = 96) -> Made:
    """All products of two whitened features: the quadratic part of a polynomial model."""
    draws = Draws()
    whitening = draws.layer(features, features)
    i, j = (each.astype(np.int32) for each in np.triu_indices(features))

    def f(x: jax.Array) -> jax.Array:
        z = whitening @ x
        return z[i] * z[j]

    return f, draws.normal(features)
