"""Programs that run once, for which XLA's optimizer takes longer than it saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax


def jit_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Jit a function that runs once; compiling takes about half as long. Not inside another jit."""
    return jax.jit(function, compiler_options={"xla_backend_optimization_level": 0})
