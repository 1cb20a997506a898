"""How good the estimate is that `advise` ranks by, and the weights that would fit it best.

    python benchmarks/estimates.py [--only NAME …] [--fit]

Compares all dense strategies of each case, and holds the one with the least estimate against the
fastest. With `--fit` the weights of `jacoscope._estimate` are fitted anew: within each case the
logarithms of estimated over measured time are to be alike, as ratios are what ranks.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from scipy.optimize import minimize

import jacoscope as jsc
from cases import Case, cases
from jacoscope._estimate import WEIGHTS, ingredients
from jacoscope._program import program
from jacoscope._strategy import named

CHUNK_SIZES = (8, 32, 128)
_TOWARD_OLD = 0.02  # weight of staying where the weights are, on what few cases tell about


class Point(NamedTuple):
    """One strategy of a case: how long it took, and what it is made of."""

    strategy: str
    seconds: float
    amounts: np.ndarray  # in the order of WEIGHTS


def measured(case: Case, time_limit: float) -> list[Point]:
    """Compare the dense strategies of a case."""
    study = jsc.compare(
        case.f, case.x, runner="inline", chunk_sizes=CHUNK_SIZES, time_limit=time_limit
    )
    points = []
    for row in study.rows:
        if row.q25_s is None or row.batching in ("loop", "colored"):
            continue
        jaxpr = jax.make_jaxpr(program(named("jacobian", row.strategy), case.f))(case.x).jaxpr
        amounts = ingredients(jaxpr)
        points.append(
            Point(row.strategy, row.q25_s, np.array([amounts.get(name, 0.0) for name in WEIGHTS]))
        )
    return points


def estimated(point: Point, weights: np.ndarray) -> float:
    """Return the estimate in seconds."""
    return float(point.amounts @ weights)


def show(found: dict[str, list[Point]], weights: np.ndarray) -> float:
    """Print what is picked and what is fastest, and return the mean of time over best."""
    ratios = []
    print(f"{'case':24}{'picked':24}{'fastest':24}{'time over fastest':>18}")
    for name, points in found.items():
        picked = min(points, key=lambda point: estimated(point, weights))
        best = min(points, key=lambda point: point.seconds)
        ratios.append(picked.seconds / best.seconds)
        print(f"{name:24}{picked.strategy:24}{best.strategy:24}{ratios[-1]:18.2f}")
    mean = statistics.geometric_mean(ratios)
    print(f"\ngeometric mean {mean:.3f}, worst {max(ratios):.2f}")
    return mean


def fitted(found: dict[str, list[Point]], weights: np.ndarray) -> np.ndarray:
    """Return the weights that bring ratios within each case closest to what was measured."""
    start = np.log(weights)
    sides = [
        (np.stack([p.amounts for p in points]), np.log([p.seconds for p in points]))
        for points in found.values()
    ]

    def loss(logs: np.ndarray) -> float:
        total = 0.0
        for amounts, seconds in sides:
            error = np.log(amounts @ np.exp(logs)) - seconds
            total += np.mean(np.abs(error - error.mean())) + 0.1 * error.mean() ** 2
        return total / len(sides) + _TOWARD_OLD * float(np.mean((logs - start) ** 2))

    return np.exp(minimize(loss, start, method="L-BFGS-B", options={"maxiter": 300}).x)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The estimate that `advise` ranks by.")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME")
    parser.add_argument("--time-limit", type=float, default=40.0, help="seconds for each case")
    parser.add_argument("--fit", action="store_true", help="fit the weights anew")
    options = parser.parse_args(arguments)
    found = {
        case.name: measured(case, options.time_limit)
        for case in cases(options.only)
        if case.fits and case.quantity == "jacobian"
    }
    found = {name: points for name, points in found.items() if points}
    weights = np.array(list(WEIGHTS.values()))
    show(found, weights)
    if options.fit:
        weights = fitted(found, weights)
        print("\nfitted weights:")
        for name, weight in zip(WEIGHTS, weights, strict=True):
            print(f"    {name!r}: {weight:.2g},")
        assert math.isfinite(show(found, weights))
    return 0


if __name__ == "__main__":
    sys.exit(main())
