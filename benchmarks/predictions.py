"""What XLA predicts that a program takes, beside what it was measured to take.

    python benchmarks/predictions.py [--cases sine mlp …]

Runs comparisons as a user would and prints every strategy whose peak was measured, each in a fresh
process: argument + output + temp − alias by XLA, the rise of resident memory while it ran, their
ratio, and whether the row says so where they differ by more than 1.5×. Exits 1 where a row does
not say so, or says so without reason, or where fewer than ten programs were measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp

import jacoscope as jsc
from jacoscope._units import format_bytes

FAR = 1.5
ENOUGH = 10
FLAG = "was predicted."
LATE = "the time limit came first"


@dataclass(frozen=True)
class Case:
    """A comparison: what it is, the function at a point, and the options of `compare`."""

    title: str
    make: Callable[[], tuple[Callable[..., Any], Any]]
    options: dict[str, Any] = field(default_factory=dict)


def sine() -> tuple[Callable[..., Any], Any]:
    return lambda x: jnp.sin(x) * x, jnp.linspace(0.0, 1.0, 2048)


def mlp() -> tuple[Callable[..., Any], Any]:
    keys = jax.random.split(jax.random.key(0), 3)
    a, b, c = (jax.random.normal(key, (1536, 1536)) / 40 for key in keys)
    return lambda x: jnp.tanh(c @ jnp.tanh(b @ jnp.tanh(a @ x))), jnp.ones(1536)


def scan(checkpointed: bool = False) -> tuple[Callable[..., Any], Any]:
    w = jax.random.normal(jax.random.key(0), (64, 64)) / 8

    def step(c: jax.Array, _: None) -> tuple[jax.Array, None]:
        return jnp.sin(jnp.exp(jnp.tanh(c @ w))), None

    body = jax.checkpoint(step) if checkpointed else step  # pyright: ignore[reportPrivateImportUsage]
    return lambda x: jax.lax.scan(body, x, None, 2048)[0], jnp.ones((64, 64))


def scan_loss() -> tuple[Callable[..., Any], Any]:
    f, x = scan()
    return lambda x: jnp.sum(f(x) ** 2), x


def coupled() -> tuple[Callable[..., Any], Any]:
    return lambda x: jnp.sum(jnp.sin(x) * jnp.roll(x, 1) ** 2), jnp.linspace(0.0, 1.0, 2048)


def distances() -> tuple[Callable[..., Any], Any]:
    """Broadcast, then reduce over the leading axis: YNN's temporaries are in no prediction."""
    x = jnp.linspace(0.0, 1.0, 32 * 2000).reshape(32, 2000)
    return lambda x: jnp.sum((x[:, :, None] - x[:, None, :]) ** 2, axis=0), x


def kernel() -> tuple[Callable[..., Any], Any]:
    def f(x: jax.Array) -> jax.Array:
        squares = jnp.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)
        return jnp.sum(jnp.exp(-squares))

    return f, jnp.linspace(0.0, 1.0, 800 * 16).reshape(800, 16)


CASES = {
    "sine": Case("sin(x)·x, 2048²", sine, {"chunk_sizes": (64,)}),
    "mlp": Case("MLP, 1536²", mlp, {"chunk_sizes": (256,)}),
    "scan": Case("scan of 2048 matmuls, VJP", scan, {"quantity": "mjp", "vectors": 1}),
    "checkpoint": Case(
        "the same, checkpointed", lambda: scan(True), {"quantity": "mjp", "vectors": 1}
    ),
    "hvp": Case("scan of 2048 matmuls, HVP", scan_loss, {"quantity": "hvp", "vectors": 1}),
    "hessian": Case("Hessian, 2048²", coupled, {"quantity": "hessian", "chunk_sizes": (64,)}),
    "distances": Case("distances, leading axis", distances, {"quantity": "jmp", "vectors": 1}),
    "kernel": Case("sum of a kernel matrix", kernel, {"quantity": "mjp", "vectors": 1}),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for one case")
    given = parser.parse_args()
    print(
        f"{'program':27} {'strategy':30} {'predicted':>10} {'measured':>10} {'ratio':>7}  says so"
    )
    measured, fine = 0, True
    for name in given.cases:
        case = CASES[name]
        study = jsc.compare(*case.make(), time_limit=given.time_limit, **case.options)
        for row in study.rows:
            if row.peak_bytes is None or not row.predicted_bytes:
                if row.status != "ok":
                    print(f"{case.title:27} {row.strategy:30} {row.status}: {row.message}")
                elif LATE in (row.memory_source or ""):
                    print(f"{case.title:27} {row.strategy:30} {LATE}")
                continue
            measured += 1
            ratio = row.peak_bytes / row.predicted_bytes
            far, says = not 1 / FAR <= ratio <= FAR, FLAG in row.message
            fine &= far == says
            sizes = f"{format_bytes(row.predicted_bytes):>10} {format_bytes(row.peak_bytes):>10}"
            flag = "yes" if says else "" if not far else "NO"
            print(f"{case.title:27} {row.strategy:30} {sizes} {ratio:7.2f}  {flag}", flush=True)
    print(f"\n{measured} programs; others took less than 16 MB, or the time limit came first.")
    return 0 if fine and (measured >= ENOUGH or len(given.cases) < len(CASES)) else 1


if __name__ == "__main__":
    sys.exit(main())
