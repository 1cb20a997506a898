"""What each strategy takes of memory for the same Jacobian: predicted by XLA, and measured.

    python benchmarks/memory.py [--only outer_product …]

Runs a comparison of each function as a user would. Predicted is argument + output + temporaries −
alias; measured is the rise of resident memory in a fresh process, unknown below 16 MB. The last
line of a function says what the leanest strategy takes that is no slower than 1.1 times the faster
of JAX's builtins. Exits 1 where that is more than the leaner builtin takes.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any

import jax

import jacoscope as jsc

FUNCTIONS: dict[str, dict[str, Any]] = {
    "square_mlp": {"width": 1024},
    "logistic_regression": {"batch": 8192, "features": 512},
    "elementwise_chain": {"length": 2048},
    "outer_product": {"hidden": 256, "inputs": 256},
    "rnn_rollout": {"steps": 128, "width": 256},
    "brusselator": {"side": 32},
}
SLOWER = 1.1


def show(value: float | None, unit: float | None, width: int, digits: int = 1) -> str:
    """Write a figure in that unit; a dash where either is unknown."""
    if value is None or unit is None or math.isnan(value) or math.isnan(unit):
        return f"{'–':>{width}}"
    return f"{value / unit:{width}.{digits}f}"


def frame_of(name: str, knobs: dict[str, Any], time_limit: float) -> Any:
    """Compare the ways to a problem's Jacobian; return the study's frame, timed rows only."""
    made = jsc.problem(name, **knobs)
    study = jsc.compare(made.f, made.x, chunk_sizes=(8, 64), time_limit=time_limit)
    frame = study.to_frame().set_index("strategy")
    return frame[frame["median_s"].notna()]


def bytes_of(frame: Any) -> Any:
    """Return what each strategy takes: as measured, else as predicted."""
    return frame["peak_bytes"].fillna(frame["predicted_bytes"]).astype(float)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(FUNCTIONS), default=list(FUNCTIONS))
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds a comparison")
    parser.add_argument("--small", action="store_true", help="at the gallery's own sizes")
    args = parser.parse_args()
    print(f"JAX {jax.__version__}, float32, in MB and ms\n")
    print(
        f"{'function':20} {'strategy':22} {'result':>7} {'temp':>7} {'predicted':>9}"
        f" {'measured':>8} {'pred/meas':>9} {'time':>8}"
    )
    short = 0
    for name in args.only:
        frame = frame_of(name, {} if args.small else FUNCTIONS[name], args.time_limit)
        for strategy, row in frame.iterrows():
            predicted, peak = row["predicted_bytes"], row["peak_bytes"]
            line = f"{name:20} {strategy:22} {show(row['output_bytes'], 1e6, 7)}"
            line += f" {show(row['temp_bytes'], 1e6, 7)} {show(predicted, 1e6, 9)}"
            line += f" {show(peak, 1e6, 8)} {show(predicted, peak, 9, 2)}"
            print(f"{line} {show(row['median_s'], 1e-3, 8, 2)}")
        taken = bytes_of(frame)
        builtin = frame.index.str.startswith("jax.")
        if not builtin.any():
            print(f"{name:20} JAX's builtins were not timed\n")
            continue
        quick = frame["median_s"] <= SLOWER * frame["median_s"][builtin].min()
        ours = taken[quick & ~builtin]
        theirs = taken[builtin].min()
        if ours.empty:
            print(f"{name:20} none of ours is as fast as JAX's  FALLS SHORT\n")
            short += 1
            continue
        falls = not ours.min() <= SLOWER * theirs
        short += falls
        print(
            f"{name:20} {ours.idxmin()}: {ours.min() / 1e6:.1f} MB against {theirs / 1e6:.1f} MB of"
            f" JAX's leaner{'  FALLS SHORT' if falls else ''}\n",
            flush=True,
        )
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
