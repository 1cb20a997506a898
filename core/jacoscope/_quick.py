"""Programs that run once or a few times, for which XLA's optimizer takes longer than it saves."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax

from ._point import size

_SMALL = 256  # inputs
_UNOPTIMIZED = {"xla_backend_optimization_level": 0}
_UNFUSED = {**_UNOPTIMIZED, "xla_cpu_use_fusion_emitters": False}  # unknown to jaxlib 0.12


def jit_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Jit a function that runs once; on a CPU it compiles twice as fast. Not inside another jit."""
    options = _UNOPTIMIZED if jax.default_backend() == "cpu" else None
    return jax.jit(function, compiler_options=options)


def quick(x: Any) -> dict[str, Any] | None:
    """Return options for the compiler: what is small compiles several times faster unoptimized."""
    small = size(x) <= _SMALL and jax.default_backend() == "cpu"
    return dict(_quickest()) if small else None


@cache
def _quickest() -> dict[str, Any]:
    try:
        jax.jit(lambda x: x, compiler_options=_UNFUSED)(0.0)
    except jax.errors.JaxRuntimeError:  # "No such compile option"
        return _UNOPTIMIZED
    return _UNFUSED
