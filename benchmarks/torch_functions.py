"""Jacobians of the same dense functions by torch.func and by JAX, side by side.

    python benchmarks/torch_functions.py [--only NAME …]

Needs torch: pip install -r benchmarks/requirements.txt. Every function is one body run by both
libraries on the same constants, but for loops and convolutions, which each writes its own way.
torch runs as torch.func has it, not compiled, with as many threads as XLA uses and with one, and
its best counts; JAX is jitted. The Jacobians are checked against each other first. Exits 1 where
two disagree by more than 1e-4, or where ours is slower than torch's best.

Threads of torch that wait for work are told to sleep (OMP_WAIT_POLICY=passive, set here unless it
is set already): two libraries' threads that spin beside each other made torch 100 times slower.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports] (not in the test extra)
from torch.func import jacfwd, jacrev  # pyright: ignore[reportMissingImports]

from contestants import BUILTINS, autotuned, carried_out
from jacoscope._environment import usable_cores
from rounds import Call, medians
from twins import TWINS, Twin

TOLERANCE = 1e-4
CHUNK_SIZES = (64,)
SAMPLE_S = 0.02  # of which what the other library's threads do while they fall asleep is little
COLUMNS = {"jax.jacfwd": 8, "jax.jacrev": 8, "ours": 8, "jacfwd": 9, "jacrev": 9, "jacrev/64": 8}


def torch_ways(twin: Twin, threads: int) -> dict[str, Call]:
    """Return torch.func's own with that many threads, jacrev also by chunks; jacfwd has none."""
    x = torch.from_numpy(twin.x)
    n_out = twin.by_torch(x).numel()
    makers: dict[str, Callable[..., Any]] = {"jacfwd": jacfwd, "jacrev": jacrev}
    for size in CHUNK_SIZES:
        if size < n_out:
            makers[f"jacrev/{size}"] = partial(jacrev, chunk_size=size)

    def call(function: Callable[[Any], Any]) -> Any:
        torch.set_num_threads(threads)
        return function(x)

    return {name: partial(call, make(twin.by_torch)) for name, make in makers.items()}


def jax_ways(twin: Twin, time_limit: float) -> dict[str, Call]:
    """Return JAX's builtins and what we would take, all jitted."""
    x = jax.device_put(twin.x)
    ways = {name: carried_out(name, twin.by_jax) for name in BUILTINS}
    ways["ours"] = autotuned(twin.by_jax, x, time_limit).call
    return {name: partial(way, x) for name, way in ways.items()}


def largest_error(calls: Iterable[Call]) -> float:
    """Return the largest difference from the first result, over its largest entry."""
    first, *others = (np.asarray(call()) for call in calls)
    scale = max(float(np.abs(first).max()), 1e-30)
    return max(float(np.abs(each - first).max()) / scale for each in others)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(TWINS), default=list(TWINS))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--budget", type=float, default=30.0, help="seconds of timing a function")
    parser.add_argument("--time-limit", type=float, default=5.0, help="of autotune, in seconds")
    args = parser.parse_args()
    if "OMP_WAIT_POLICY" not in os.environ:  # which is read when torch is loaded
        environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "JACOSCOPE_CACHE": ""}
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    threads = usable_cores()
    print(
        f"JAX {jax.__version__} with {threads} threads, torch {torch.__version__} with {threads} or"
        f" 1, float32, medians of {args.rounds} samples, in ms\n"
    )
    print(
        f"{'function':18} {'J':>11} {'jax fwd':>8} {'jax rev':>8} {'ours':>8} {'torch fwd':>9}"
        f" {'torch rev':>9} {'chunked':>8} {'torch/jax':>9} {'torch/ours':>10} {'error':>7}"
    )
    by_jax, by_ours, short = [], [], 0
    for name in args.only:
        twin = TWINS[name]()
        calls: dict[tuple[str, int], Call] = {}
        for way, call in jax_ways(twin, args.time_limit).items():
            calls[way, threads] = call
        for count in sorted({1, threads}):
            calls |= {(way, count): call for way, call in torch_ways(twin, count).items()}
        error = largest_error(calls.values())
        by_way: dict[str, float] = {}
        for (way, _), seconds in medians(calls, args.rounds, SAMPLE_S, args.budget).items():
            by_way[way] = min(seconds, by_way.get(way, seconds))
        builtin = min(by_way[way] for way in BUILTINS)
        best = min(by_way[way] for way in by_way if way.startswith("jac") and way not in BUILTINS)
        ours = by_way["ours"]
        by_ours.append(best / ours)
        by_jax.append(best / builtin)
        line = f"{name:18} {twin.shape:>11}"
        for way, width in COLUMNS.items():
            seconds = by_way.get(way)
            line += f" {'–' if seconds is None else f'{seconds * 1e3:.2f}':>{width}}"
        line += f" {best / builtin:8.1f}× {best / ours:9.1f}×"
        falls = error > TOLERANCE or best < ours
        short += falls
        print(f"{line} {error:7.0e}{'  FALLS SHORT' if falls else ''}", flush=True)
    print("\ntorch's best over, by geometric mean:")
    print(f"  the better builtin of JAX: {statistics.geometric_mean(by_jax):.2f}×")
    print(f"  ours: {statistics.geometric_mean(by_ours):.2f}×")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
