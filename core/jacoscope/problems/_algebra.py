"""Derivatives through solvers: an FFT, a linear solve, and a Cholesky factor.

JAX has rules for these as a whole; no step of the algorithm inside is differentiated.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts

_GROUP = "Transforms and solvers"


def _make_convolution(*, samples: int, taps: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    kernel = draws.normal(taps)
    length = samples + taps - 1

    def f(x: Float[Array, " n"]) -> Float[Array, " n_out"]:
        spectrum = jnp.fft.rfft(x, length) * jnp.fft.rfft(kernel, length)
        return jnp.fft.irfft(spectrum, length)

    def jacobian(x: Float[Array, " n"]) -> Float[Array, "n_out n"]:
        lag = jnp.arange(length)[:, None] - jnp.arange(samples)
        inside = (lag >= 0) & (lag < taps)
        return jnp.where(inside, kernel[jnp.clip(lag, 0, taps - 1)], 0).astype(x.dtype)

    return Parts(f, draws.normal(samples), jacobian)


def _make_solve(*, unknowns: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    matrix = draws.normal(unknowns, unknowns, scale=0.5 * unknowns**-0.5)
    right = draws.normal(unknowns)

    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        return jnp.linalg.solve(matrix + jnp.diag(x), right.astype(x.dtype))

    def jacobian(x: Float[Array, " n"]) -> Float[Array, "n n"]:
        return -jnp.linalg.inv(matrix + jnp.diag(x)) * f(x)

    return Parts(f, draws.positive(unknowns, mean=4.0), jacobian)


def _make_process(*, points: int, features: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    data, targets = draws.normal(points, features), draws.normal(points)

    def covariance(x: dict[str, Array]) -> tuple[Array, Array, Array]:
        """The scaled data (p, d), their kernel (p, p), and the kernel with the noise (p, p)."""
        scaled = data * jnp.exp(-x["log_scale"])
        squares = jnp.sum(scaled**2, axis=1)
        smooth = jnp.exp(scaled @ scaled.T - (squares[:, None] + squares) / 2)
        noise = jnp.exp(2 * x["log_noise"]) * jnp.eye(points, dtype=smooth.dtype)
        return scaled, smooth, smooth + noise

    def f(x: dict[str, Array]) -> Float[Array, ""]:
        factor = jnp.linalg.cholesky(covariance(x)[-1])
        whitened = jax.scipy.linalg.solve_triangular(
            factor, targets.astype(factor.dtype), lower=True
        )
        log_det = 2 * jnp.sum(jnp.log(jnp.diagonal(factor)))
        return (whitened @ whitened + log_det + points * math.log(2 * math.pi)) / 2

    def jacobian(x: dict[str, Array]) -> dict[str, Array]:
        scaled, smooth, whole = covariance(x)
        inverse = jnp.linalg.inv(whole)
        weights = inverse @ targets
        slope = (inverse - jnp.outer(weights, weights)) / 2
        pull = slope * smooth
        return {
            # Σ pullᵢⱼ (sᵢ − sⱼ)², multiplied out
            "log_scale": 2 * (jnp.sum(pull, axis=1) @ scaled**2)
            - 2 * jnp.sum(scaled * (pull @ scaled), axis=0),
            "log_noise": 2 * jnp.exp(2 * x["log_noise"]) * jnp.trace(slope),
        }

    x = {
        "log_scale": draws.normal(features, scale=0.1, mean=math.log(features) / 2),
        "log_noise": draws.normal(scale=0.1, mean=-1.0),
    }
    return Parts(f, x, jacobian)


CONVOLUTION = Family(
    name="fft_convolution",
    title="Convolution by FFT",
    group=_GROUP,
    about="A banded Jacobian that the FFT hides: its entries are the kernel, f shows only sums.",
    formula=(
        r"f(x) = \mathcal{F}^{-1}\bigl(\mathcal{F}x \cdot \mathcal{F}k\bigr), \quad J_{ij} = "
        r"k_{i-j}"
    ),
    source="Written for Jacoscope: f(x) = F⁻¹(F x · F k), J with Jᵢⱼ = kᵢ₋ⱼ",
    make=_make_convolution,
    sizes=(
        Knob("samples", "Samples", 48, "Inputs.", 1, 65_536),
        Knob("taps", "Taps", 9, "Length of the kernel.", 1, 8_192),
    ),
    telling={"samples": 512, "taps": 32},
)

SOLVE = Family(
    name="linear_solve",
    title="Linear solve",
    group=_GROUP,
    about="y solves (A + diag x) y = b: one factorization serves every pass, forward or reverse.",
    formula=(
        r"(A + \operatorname{diag} x)\, y = b, \quad J = -(A + \operatorname{diag} x)^{-1} "
        r"\operatorname{diag} y"
    ),
    source="Giles (2008), Collected matrix derivative results: J = −(A + diag x)⁻¹ diag y",
    make=_make_solve,
    sizes=(Knob("unknowns", "Unknowns", 32, "Inputs and outputs.", 1, 8_192),),
    telling={"unknowns": 128},
)

PROCESS = Family(
    name="gaussian_process",
    title="Gaussian process, likelihood",
    group=_GROUP,
    about="A Cholesky factor on the way to one number: its gradient costs about what f costs.",
    formula=(
        r"f(\ell, \sigma) = \tfrac{1}{2}\bigl(y^\top C^{-1} y + \log\det C + n \log "
        r"2\pi\bigr), \quad C = K_\ell + \sigma^2 I"
    ),
    source="Rasmussen & Williams (2006), Gaussian processes for machine learning, eq. 5.8–5.9",
    make=_make_process,
    sizes=(
        Knob("points", "Points", 32, "Points of data: the side of the covariance.", 1, 4_096),
        Knob("features", "Features", 5, "Length scales, one input each.", 1, 256),
    ),
    telling={"points": 256, "features": 8},
)
