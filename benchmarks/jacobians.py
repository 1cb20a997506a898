"""What `autotune` and `advise` choose, against JAX's builtins and the best of all strategies.

    python benchmarks/jacobians.py [--only NAME …] [--json FILE]

Every case of `cases.py` is raced in a process of its own; see `race.py`. Preparing is shown apart.
Sparse cases run against asdex and sparsejac as well, dense results against dense ones and sparse
against sparse, where those are installed: pip install -r benchmarks/requirements.txt.

A dense result of a sparse function can't take less time than filling it with zeros, which is
shown; who has such a function asks for a sparse result, so *as asked* is a `BCOO` for these cases
and dense for the others.

Exits 1 and names what falls short: a case where autotune's choice is more than 1.1 times slower
than the better builtin in every one of three runs; and, by geometric mean over all cases, autotune
less than 1.15 (dense ones) or 2.5 times (all, as asked) as fast as the better builtin, or 1.3 and 3
times as fast as the one that the rule names (n_in ≤ n_out: forward); or more than 10 % slower than
the best strategy, or advise more than 35 %.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jax

from apart import apart
from cases import NAMES, cases
from race import race, ratios

SLOWEST = 1.1  # times the better builtin
LEAST = {("dense", "better"): 1.15, ("dense", "rule"): 1.3}
LEAST |= {("all", "better as asked"): 2.5, ("all", "rule as asked"): 3.0}
MOST = {"autotune": 1.10, "advise": 1.35}
PEERS = ("fill", "ours dense", "asdex dense", "ours bcoo", "asdex bcoo", "sparsejac bcoo")

HEADS = (*(name.removeprefix("sparsejac ") for name in PEERS), "ours", "asdex", "sparsejac")

_OVER = {
    "better": "the better builtin over autotune",
    "rule": "the rule's over autotune",
    "better as asked": "the better builtin over autotune, as asked",
    "rule as asked": "the rule's over autotune, as asked",
}

Race = dict[str, Any]


def in_a_process(name: str, args: argparse.Namespace) -> Race | str:
    """Race one case in a new process, without what earlier ones chose; or say why it failed."""
    options = ("rounds", "time_limit", "budget")
    given = [f"--{each.replace('_', '-')}={getattr(args, each)}" for each in options]
    return apart(__file__, "--race", name, *given)


def slow(found: Race) -> bool:
    """Say whether autotune's choice was slower than the better builtin by more than is allowed."""
    return "times" in found and ratios(found)["better"] < 1 / SLOWEST


def line(found: Race) -> str:
    """Write a case's line of the first table."""
    said, times = ratios(found), found["times"]
    text = f"{found['case']:21} {found['n_in']:6,} {found['n_out']:6,}"
    tuned, advised = found["chosen"]["autotune"], found["chosen"]["advise"]
    for name in "jax.jacfwd", "jax.jacrev", tuned:
        text += f" {milliseconds(times.get(name)):>8}"
    text += f" {tuned:22} {said['better']:6.2f}× {said['rule']:6.2f}×"
    text += (
        f" {found['best']:22} {said['autotune'] - 1:5.0%} {advised:22} {said['advise'] - 1:5.0%}"
    )
    return text + "".join(f" {found['prepare'][name]:6.1f}" for name in found["chosen"])


def peers_line(found: Race) -> str:
    """Write a sparse case's line of the second table."""
    text = f"{found['case']:24}"
    for name in PEERS:
        text += f" {milliseconds(found['peers'].get(name, {}).get('time')):>10}"
    asked = found.get("bcoo")
    gain = f"{ratios(found)['better as asked']:6.1f}×" if asked else f"{'–':>7}"
    text += f" {milliseconds(asked and asked['time']):>10} {gain}"
    for name in "ours dense", "asdex dense", "sparsejac bcoo":
        prepare_s = found["peers"].get(name, {}).get("prepare")
        text += f" {milliseconds(prepare_s, 0):>9}"
    return text


def milliseconds(seconds: float | None, digits: int = 3) -> str:
    return "–" if seconds is None else f"{seconds * 1e3:.{digits}f}"


def show_first(runs: Sequence[Race]) -> None:
    print(f"JAX {jax.__version__}, float32, in ms; lower quartiles of the samples\n")
    print(
        f"{'case':21} {'n_in':>6} {'n_out':>6} {'jacfwd':>8} {'jacrev':>8} {'autotune':>8}"
        f" {'its strategy':22} {'better':>7} {'rule':>7} {'best strategy':22} {'loss':>5}"
        f" {'advised':22} {'loss':>5} {'tune s':>6} {'adv. s':>6}"
    )
    for found in runs:
        show(found)


def show(found: Race) -> None:
    if "times" in found:
        print(line(found), flush=True)


def show_peers(runs: Sequence[Race]) -> None:
    sparse = [found for found in runs if "peers" in found]
    if not sparse:
        return
    print(f"\n{'sparse case, ms':24} {'':54}sparsejac {'':22} prepare, ms")
    print(f"{'':24}" + "".join(f" {head:>10}" for head in HEADS[: len(PEERS)]), end="")
    print(f" {'autotune':>10} {'gain':>7}" + "".join(f" {head:>9}" for head in HEADS[len(PEERS) :]))
    for found in sparse:
        print(peers_line(found))
    for ours, theirs in (
        ("ours dense", "asdex dense"),
        ("ours bcoo", "asdex bcoo"),
        ("ours bcoo", "sparsejac bcoo"),
    ):
        both = [each["peers"] for each in sparse if {ours, theirs} <= set(each["peers"])]
        if both:
            mean = statistics.geometric_mean(p[theirs]["time"] / p[ours]["time"] for p in both)
            print(f"{theirs} over ours, by geometric mean of {len(both)}: {mean:.2f}×")


def means(runs: Sequence[Race]) -> dict[tuple[str, str], float]:
    """Return (cases, ratio) → the geometric mean."""
    timed = [found for found in runs if "times" in found]
    sets = {"dense": [found for found in timed if not found["sparse"]], "all": timed}
    return {
        (kind, what): statistics.geometric_mean(ratios(found)[what] for found in chosen)
        for kind, chosen in sets.items()
        for what in ("better", "rule", "better as asked", "rule as asked", "autotune", "advise")
        if chosen
    }


def shortfalls(first: Sequence[Race], again: dict[str, list[Race]], complete: bool) -> list[str]:
    """Say what falls short of the bars; those of the means only where all cases were run."""
    said = []
    for name, runs in again.items():
        if all(map(slow, runs)):
            each = ", ".join(f"{1 / ratios(found)['better']:.2f}×" for found in runs)
            said.append(f"{name}: autotune takes {each} the better builtin's time")
    for found in first:
        wrong = [each for each in found["notes"] if each.startswith(("autotune's", "advise's"))]
        said += [f"{found['case']}: {each}" for each in wrong]
    if not complete:
        return said
    found = means(first)
    for key, least in LEAST.items():
        if found[key] < least:
            said.append(f"{key[0]}, over {key[1]}: {found[key]:.2f}×, wanted {least}×")
    for name, most in MOST.items():
        if found["all", name] > most:
            said.append(f"{name}: loses {found['all', name] - 1:.0%}, allowed {most - 1:.0%}")
    return said


def measured(args: argparse.Namespace, kept: dict[str, list[Race]]) -> list[str]:
    """Race what is not kept yet, print each line, and run the slow ones again; return failures."""
    failed = []
    for name in args.only or NAMES:
        if name in kept:
            continue
        found = in_a_process(name, args)
        if isinstance(found, str):
            failed.append(f"{name}: {found}")
            continue
        kept[name] = [found]
        show(found)
        while slow(kept[name][-1]) and len(kept[name]) < args.repeats:
            once_more = in_a_process(name, args)
            if isinstance(once_more, str):
                break
            kept[name].append(once_more)
        if args.json:
            args.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return failed


def parsed(arguments: Iterable[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=[], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--time-limit", type=float, default=5.0, help="of autotune, in seconds")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds of samples a table")
    parser.add_argument("--repeats", type=int, default=3, help="runs in which a miss has to recur")
    parser.add_argument("--json", type=Path, help="where results are kept, and taken up again")
    parser.add_argument("--race", help=argparse.SUPPRESS)
    return parser.parse_args(None if arguments is None else list(arguments))


def main() -> int:
    args = parsed()
    if args.race:
        (case,) = cases([args.race])
        print(json.dumps(race(case, args.rounds, args.time_limit, args.budget)))
        return 0
    kept: dict[str, list[Race]] = {}
    if args.json and args.json.exists():
        kept = json.loads(args.json.read_text(encoding="utf-8"))
    show_first([runs[0] for runs in kept.values()])
    failed = measured(args, kept)
    first = [runs[0] for runs in kept.values()]
    show_peers(first)
    print("\nby geometric mean:")
    for (kind, what), mean in means(first).items():
        print(f"  {kind:5} {_OVER.get(what, f'{what} over the best strategy'):44} {mean:.2f}×")
    short = failed + shortfalls(first, kept, complete=set(kept) == set(NAMES))
    for each in short:
        print(f"FALLS SHORT  {each}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
