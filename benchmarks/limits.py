"""Jacobians under a memory limit, against the unchunked ones: what they take and cost.

    python benchmarks/limits.py [--only NAME …]

For every dense case of `cases.py`, in a process of its own, the limit is the arguments, twice the
Jacobian and what `f` itself takes for temporaries. `autotune` chooses by measurement under that
limit. Its choice is timed in turns with the faster unchunked builder of the two modes, and with
what the least estimate alone would take, as `advise` does: of each mode the largest chunk that fits
by prediction, else one pass at a time. The peak of the choice is measured in a fresh process where
it takes more than 16 MB. Exits 1 where the choice is above the limit, predicted or measured, or
takes more than 1.3 times as long; then every chunk size that fits is timed, too, and the fastest of
all is named: whether it is the choice that falls short, or chunks.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import jax

from apart import apart
from cases import NAMES, cases
from contestants import carried_out
from jacoscope import autotune
from jacoscope._advise import made_to_fit
from jacoscope._compare import run_job
from jacoscope._cost import compile_program
from jacoscope._failure import Failure, attempt
from jacoscope._fit import predict_bytes
from jacoscope._memory import RESOLUTION_BYTES
from jacoscope._shortlist import rank
from jacoscope._strategy import Strategy, named
from rounds import medians

SLOWER = 1.3
CALLS = 15
TUNING_S = 10.0
MODES = ("forward", "reverse")


def limited(name: str, budget_s: float) -> dict[str, Any]:
    """Find a case's limit and the choices under it, time them, and return plain data.

    Args:
        name: Of the case.
        budget_s: Seconds for the samples.
    """
    (case,) = cases([name])
    f, x = case.f, case.x
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), x)
    _, own = compile_program(f, (shapes,))
    itemsize = max(leaf.dtype.itemsize for leaf in jax.tree.leaves(shapes))
    jacobian_bytes = case.n_in * case.n_out * itemsize
    limit = (own.argument_bytes or 0) + 2 * jacobian_bytes + (own.temp_bytes or 0)
    ways = {mode: carried_out(f"{mode}/vmap", f) for mode in MODES}
    able = {mode: way for mode, way in ways.items() if differentiates(way, x)}
    quick = medians({mode: lambda way=way: way(x) for mode, way in able.items()}, 5)
    fastest = min(quick, key=quick.__getitem__)
    needed = predict_bytes(named("jacobian", f"{fastest}/vmap"), f, (shapes,))
    found = {"limit": limit, "whole": needed}
    tuned = attempt(
        lambda: autotune(f, x, memory_limit=limit, time_limit=TUNING_S, fresh=True, runner="inline")
    )
    if isinstance(tuned, Failure):
        one = [attempt(lambda mode=mode: predict_one(mode, f, shapes)) for mode in able]
        known = [each for each in one if isinstance(each, int)]
        return {**found, "chosen": None, "why": tuned.message, "one": min(known, default=None)}
    chosen = named("jacobian", tuned.strategy)
    wholes = [named("jacobian", f"{mode}/vmap") for mode in (*MODES, "linearize")]
    ranked = rank(made_to_fit(wholes, f, (shapes,), case.n_out, limit), f, (shapes,))
    ways = {"whole": able[fastest], "chosen": tuned}
    if ranked:
        ways["advised"] = carried_out(ranked[0].strategy.name, f)
    calls = {name: lambda way=way: way(x) for name, way in ways.items()}
    times = medians(calls, CALLS, budget_s=budget_s)
    predicted = predict_bytes(chosen, f, (shapes,)) or 0
    peak = None if predicted <= RESOLUTION_BYTES else peak_of(f, x, chosen)
    found |= {"chosen": chosen.name, "advised": ranked[0].strategy.name if ranked else None}
    found |= {"predicted": predicted, "peak": peak, "times": times}
    if times["chosen"] <= SLOWER * times["whole"]:
        return found
    rivals = [way for way in every_chunking(case.n_in, case.n_out) if fits(way, f, shapes, limit)]
    ways = {"whole": able[fastest]}
    ways |= {name: carried_out(name, f) for name in {chosen.name, *rivals}}
    calls = {name: lambda way=way: way(x) for name, way in ways.items()}
    every = medians(calls, CALLS, budget_s=4 * budget_s)
    whole = every.pop("whole")
    best = min(every, key=every.__getitem__)
    return {**found, "rivals": len(every), "best": best, "best_ratio": every[best] / whole}


def every_chunking(n_in: int, n_out: int) -> list[str]:
    """Name each mode with one pass at a time, and with each chunk size that saves a turn."""
    names = []
    for mode, passes in {"forward": n_in, "linearize": n_in, "reverse": n_out}.items():
        sizes = {-(-passes // turns) for turns in range(1, passes + 1)} - {passes}
        names += [f"{mode}/map", *(f"{mode}/chunked/{each}" for each in sorted(sizes))]
    return names


def fits(name: str, f: Any, shapes: Any, limit: int) -> bool:
    """Whether a way keeps a limit by prediction; one that can't be compiled does not."""
    needed = attempt(lambda: predict_bytes(named("jacobian", name), f, (shapes,)))
    return isinstance(needed, int) and needed <= limit


def predict_one(mode: str, f: Any, shapes: Any) -> int | None:
    """Return the bytes that one pass at a time needs, by prediction."""
    return predict_bytes(named("jacobian", f"{mode}/map"), f, (shapes,))


def differentiates(way: Any, x: Any) -> bool:
    """Whether JAX can differentiate this way; it can't some loops and rules."""
    try:
        jax.block_until_ready(way(x))
    except (TypeError, ValueError):
        return False
    return True


def peak_of(f: Any, x: Any, strategy: Strategy) -> int | None:
    """Return the peak of a chunked strategy in a fresh process, in bytes; None where unknown."""
    options = {
        "quantity": "jacobian",
        "chunk_sizes": [strategy.chunk_size or 1],
        "time_limit": 60.0,
        "strategy": strategy.name,
    }
    outcome = run_job("peak", f, x, None, options, "local")
    if outcome.status != "ok":
        raise RuntimeError(outcome.message)
    return outcome.value["peak_bytes"]


def told(name: str, found: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a case's line, and what falls short."""
    line = f"{name:22} {megabytes(found['limit'])} {megabytes(found['whole'])}"
    if found["chosen"] is None:
        one = found["one"]
        why = f"one at a time needs {megabytes(one).strip()} MB"
        fits_one = one is not None and one <= found["limit"]
        return f"{line}  refused: {why}", [f"refused: {found['why']}"] if fits_one else []
    times, peak, limit = found["times"], found["peak"], found["limit"]
    ratio = times["chosen"] / times["whole"]
    line += f" {found['chosen']:24} {megabytes(found['predicted'])} {megabytes(peak)}"
    line += f" {1e3 * times['whole']:9.2f} {1e3 * times['chosen']:9.2f} {ratio:6.2f}×"
    if found["advised"] is not None:
        line += f" {times['advised'] / times['whole']:6.2f}× {found['advised']}"
    short = [
        *(["is above the limit by prediction"] if found["predicted"] > limit else []),
        *(["is above the limit as measured"] if peak is not None and peak > limit else []),
        *([f"takes {ratio:.2f} times as long{others(found)}"] if ratio > SLOWER else []),
    ]
    return line, short


def others(found: dict[str, Any]) -> str:
    """Say how the fastest chunking of all that fit does."""
    return (
        f"; the fastest of {found['rivals']} that fit, {found['best']}: {found['best_ratio']:.2f}"
    )


def megabytes(count: int | None) -> str:
    return f"{'–':>9}" if count is None else f"{count / 1e6:9.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=[], metavar="NAME")
    parser.add_argument("--budget", type=float, default=6.0, help="seconds of samples a case")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(limited(args.one, args.budget)))
        return 0
    names = args.only or [case.name for case in cases() if case.fits and not case.sparse]
    print(f"JAX {jax.__version__}, float32, in MB and ms\n")
    print(
        f"{'case':22} {'limit':>9} {'unchunked':>9} {'chosen':24} {'predicted':>9} {'measured':>9}"
        f" {'unchunked':>9} {'chosen':>9} {'ratio':>7} {'advised':>7}"
    )
    short = []
    for name in names:
        found = apart(__file__, "--one", name, f"--budget={args.budget}")
        line, said = (name, [found]) if isinstance(found, str) else told(name, found)
        short += [f"{name}: {each}" for each in said]
        print(line, flush=True)
    for each in short:
        print(f"FALLS SHORT  {each}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
