"""Seeded constants in float32, and the type of what a maker returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Made = tuple[Callable[[Any], Any], Any]


class Draws:
    """Random float32 arrays, the same in every run."""

    def __init__(self, seed: int = 0) -> None:
        self._generator = np.random.default_rng(seed)

    def normal(self, *shape: int, scale: float = 1.0) -> jax.Array:
        return jnp.asarray(scale * self._generator.standard_normal(shape, np.float32))

    def uniform(self, low: float, high: float, *shape: int) -> jax.Array:
        return jnp.asarray(self._generator.uniform(low, high, shape), jnp.float32)

    def layer(self, of: int, to: int) -> jax.Array:
        """Weights (to, of) that keep the size of what passes through."""
        return self.normal(to, of, scale=of**-0.5)

    def integers(self, below: int, *shape: int) -> np.ndarray:
        """Indices, int32: of int64 they fail where a function is traced without x64, then with."""
        return self._generator.integers(0, below, shape).astype(np.int32)
