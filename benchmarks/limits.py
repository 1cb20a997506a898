"""Jacobians in chunks under a memory limit, against the unchunked ones: what they take and cost.

    python benchmarks/limits.py [--only NAME …]

For every dense case of `cases.py`, in a process of its own, the limit is the arguments, twice the
Jacobian and what `f` itself takes for temporaries. In each mode the largest chunk is taken that
fits by prediction, else one pass at a time; of these, the one of the least estimate, as `advise`
does. It is timed in turns with the faster unchunked builder of the two modes, and its peak measured
in a fresh process where it takes more than 16 MB. Exits 1 where it is above the limit, predicted or
measured, or takes more than 1.3 times as long; then every other chunk size that fits is timed, too,
and the fastest of all is named: whether it is the choice that falls short, or chunks.
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
from jacoscope._advise import made_to_fit
from jacoscope._compare import run_job
from jacoscope._cost import compile_program
from jacoscope._failure import attempt
from jacoscope._fit import predict_bytes
from jacoscope._memory import RESOLUTION_BYTES
from jacoscope._point import size
from jacoscope._shortlist import rank
from jacoscope._strategy import Strategy, named
from rounds import medians

SLOWER = 1.3
CALLS = 15
MODES = ("forward", "reverse")


def limited(name: str, budget_s: float) -> dict[str, Any]:
    """Find a case's limit and its chunk, time it against the unchunked builder, return plain data.

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
    wholes = [named("jacobian", f"{mode}/vmap") for mode in (*MODES, "linearize")]
    ranked = rank(made_to_fit(wholes, f, (shapes,), case.n_out, limit), f, (shapes,))
    found = {"mode": fastest, "limit": limit, "whole": needed}
    if not ranked:
        one = [attempt(lambda mode=mode: predict_one(mode, f, shapes)) for mode in able]
        known = [each for each in one if isinstance(each, int)]
        return {**found, "chunk": None, "one": min(known, default=None)}
    chunked = ranked[0].strategy
    way = carried_out(chunked.name, f)
    times = medians(
        {"whole": lambda: able[fastest](x), "chunked": lambda: way(x)}, CALLS, budget_s=budget_s
    )
    predicted = predict_bytes(chunked, f, (shapes,)) or 0
    peak = None if predicted <= RESOLUTION_BYTES else peak_of(f, x, chunked)
    passes = chunked.passes(size(shapes), case.n_out, 1)
    found |= {"mode": chunked.mode, "passes": passes}
    found["chunk"] = chunked.chunk_size or 1
    found |= {"predicted": predicted, "peak": peak, "times": times}
    if times["chunked"] <= SLOWER * times["whole"]:
        return found
    rivals = [way for way in every_chunking(case.n_in, case.n_out) if fits(way, f, shapes, limit)]
    ways = {"whole": able[fastest]}
    ways |= {name: carried_out(name, f) for name in {chunked.name, *rivals}}
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
    line = f"{name:22} {found['mode']:8} {megabytes(found['limit'])} {megabytes(found['whole'])}"
    if found["chunk"] is None:
        return f"{line}  refused: one at a time needs {megabytes(found['one']).strip()} MB", []
    times, peak, limit = found["times"], found["peak"], found["limit"]
    ratio = times["chunked"] / times["whole"]
    line += f" {found['chunk']:6,} of {found['passes']:6,} {megabytes(found['predicted'])}"
    line += f" {megabytes(peak)} {1e3 * times['whole']:9.2f} {1e3 * times['chunked']:9.2f}"
    short = [
        *(["is above the limit by prediction"] if found["predicted"] > limit else []),
        *(["is above the limit as measured"] if peak is not None and peak > limit else []),
        *([f"takes {ratio:.2f} times as long{others(found)}"] if ratio > SLOWER else []),
    ]
    return f"{line} {ratio:6.2f}×", short


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
        f"{'case':22} {'mode':8} {'limit':>9} {'unchunked':>9} {'chunk':>16} {'predicted':>9}"
        f" {'measured':>9} {'unchunked':>9} {'chunked':>9} {'ratio':>7}"
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
