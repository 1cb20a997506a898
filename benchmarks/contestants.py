"""What the benchmarks let compete: JAX's builtins, our strategies by name, and what we choose."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

import jacoscope as jsc
from jacoscope._decompression import Output

Function = Callable[[Any], Any]
BUILTINS: dict[str, Callable[[Function], Function]] = {
    "jax.jacfwd": jax.jacfwd,
    "jax.jacrev": jax.jacrev,
}


@dataclass(frozen=True)
class Contestant:
    """A way to compute a Jacobian.

    Attributes:
        strategy: The strategy's name in a study.
        call: From the point to the Jacobian.
        prepare_s: Seconds that choosing took, or detecting and coloring; None where not timed.
    """

    strategy: str
    call: Function
    prepare_s: float | None = None


def rule(n_in: int, n_out: int) -> str:
    """Return the builtin of the textbook's rule: forward for n_in ≤ n_out."""
    return "jax.jacfwd" if n_in <= n_out else "jax.jacrev"


def carried_out(strategy: str, f: Function) -> Function:
    """Return the jitted function of `x` that carries out a strategy of a Jacobian.

    Args:
        strategy: Its name in a study, such as `forward/chunked/64` or `jax.jacrev`.
        f: The function.
    """
    if strategy in BUILTINS:
        return jax.jit(BUILTINS[strategy](f))
    mode, batching, *size = strategy.split("/")
    chunk_size = int(size[0]) if size else None
    options: dict[str, Any] = {"mode": mode, "batching": batching, "chunk_size": chunk_size}
    return jax.jit(lambda x: jsc.jacobian(f, x, **options))


def autotuned(f: Function, x: Any, time_limit: float, output: Output = "dense") -> Contestant:
    """Let `jacoscope.autotune` measure and choose, whatever it chose before."""
    start = time.perf_counter()
    chosen = jsc.autotune(f, x, time_limit=time_limit, output=output, fresh=True)
    return Contestant(chosen.strategy, chosen, time.perf_counter() - start)


def advised(f: Function, x: Any) -> Contestant:
    """Take what `jacoscope.advise` says."""
    start = time.perf_counter()
    advice = jsc.advise(f, x)
    prepare_s = time.perf_counter() - start
    return Contestant(advice.strategy, carried_out(advice.strategy, f), prepare_s)
