"""What the map of problems says: which way is fastest for which, and what the rule costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from jacoscope import Measurement, Study
from jacoscope.problems import families

from .._comparison import Comparison
from .._experiment import describe
from .._scaling import PATTERNED, WAYS, problem_specs
from .._study_words import TOO_SMALL, status_words
from ..figures import Case, format_count, format_seconds, kind_of, palette, significant
from ._points import by_size

PROBLEM_COLUMNS = [
    {"key": "problem", "label": "Problem", "hint": "Its sizes are told on it", "left": True},
    {"key": "shape", "label": "m × n", "hint": "Outputs by inputs"},
    {"key": "fastest", "label": "Fastest", "hint": "Or what ties", "left": True, "wrap": True},
    {"key": "time", "label": "Time", "hint": "Its median"},
    {"key": "builtin", "label": "JAX's better", "hint": "Its time over the fastest one's"},
    {"key": "rule", "label": "By the rule", "hint": "The same of what n ≤ m → forward picks"},
]
_NO_COST = 1.05
_BUILTINS = ("jax.jacfwd", "jax.jacrev")
_WORDS = {
    "unsupported": "can't",
    "refused": "refused",
    "timed_out": "late",
    "out_of_memory": "memory",
    "crashed": "crashed",
    "cancelled": "–",
}


def problem_offer() -> str:
    """Say what the map would do."""
    return (
        f"Measures {len(WAYS)} ways to a Jacobian on each of the gallery's {len(families())}"
        " problems, at sizes where times tell something. It takes some minutes; what is there when"
        " it is cancelled stays. A place is empty where a problem has no such way."
    )


@dataclass(frozen=True)
class Contest:
    """What was measured for one problem.

    Attributes:
        problem: Its title.
        sizes: Its title and sizes.
        rows: Way → its row; of the colored ones and of the folded ones, the fastest.
        timed: The ways that were timed and are right, the fastest first.
        small: Whether all is too small to tell.
    """

    problem: str
    sizes: str
    rows: Mapping[str, Measurement]
    timed: Sequence[str]
    small: bool

    @property
    def rule(self) -> str:
        """What the rule n ≤ m → forward picks of JAX's two; "" where the shape is unknown."""
        n_in, n_out = self.shape
        if n_in is None or n_out is None:
            return ""
        return "jax.jacfwd" if n_in <= n_out else "jax.jacrev"

    @property
    def shape(self) -> tuple[int | None, int | None]:
        """How many inputs and outputs there are."""
        row = next(iter(self.rows.values()))
        return row.n_in, row.n_out

    @property
    def ahead(self) -> list[str]:
        """The fastest way, and those that tie with it; none where all is too small to tell."""
        if self.small or not self.timed:
            return []
        first, *others = self.timed
        tied = [way for way in others if self.rows[way].tie and self.rows[first].tie]
        return [first, *tied]

    def ratio(self, way: str) -> float | None:
        """Return the time of a way over that of the fastest; None where one is unknown."""
        if self.small or way not in self.timed:
            return None
        return (self.rows[way].median_s or 0.0) / (self.rows[self.timed[0]].median_s or 1.0)


def _contests(comparison: Comparison) -> dict[int, Contest]:
    """Return what has been measured so far, by the place of the problem."""
    if comparison.sweep_spec is None:
        return {}
    specs = problem_specs(comparison.sweep_spec)
    return {
        place: _contest(specs[place], rows, small=place in comparison.small)
        for place, rows in sorted(by_size(comparison.points).items())
    }


def _contest(spec: Mapping[str, Any], rows: Sequence[Measurement], *, small: bool) -> Contest:
    right = {row.strategy for row in Study(rows=tuple(rows)).timed}

    def order(row: Measurement) -> tuple[bool, float]:
        return row.strategy not in right, row.median_s or math.inf

    found: dict[str, Measurement] = {}
    for row in sorted(rows, key=order):
        found.setdefault(_way(row.strategy), row)
    timed = [way for way, row in found.items() if row.strategy in right]
    return Contest(describe({**spec, "knobs": {}}), describe(spec), found, timed, small)


def _way(strategy: str) -> str:
    """Return the column of a strategy: its name, or the kind of those that follow a pattern."""
    return next((each for each in PATTERNED if each in strategy.split("/")), strategy)


def problem_drawn(comparison: Comparison) -> dict[str, Any]:
    """Return what `problem_map` draws, of all that has been timed, and the contests themselves."""
    found = _contests(comparison)
    cases = [
        _case(WAYS.index(way), place, contest, way)
        for place, contest in found.items()
        for way in contest.rows
        if way in WAYS
    ]
    titles = [each.title for each in families()]
    shown = list(found.values())
    return {"cases": cases, "ways": WAYS, "problems": titles, "contests": shown}


def _case(across: int, down: int, contest: Contest, way: str) -> Case:
    row, ratio = contest.rows[way], contest.ratio(way)
    known = row.median_s is not None
    right = way in contest.timed
    said = row.message
    if contest.small:
        said = TOO_SMALL
    elif ratio is not None:
        said = _ratio_words(contest, way, ratio)
    word = "–" if contest.small or right else "wrong" if known else _WORDS.get(row.status, "…")
    return Case(
        across,
        down,
        contest.sizes,
        row.strategy,
        kind_of(row.strategy, row.mode),
        ratio,
        format_seconds(row.median_s) if known else status_words(row) or "not timed yet",
        word,
        said,
        ahead=way in contest.ahead,
        rule=way == contest.rule,
    )


def _ratio_words(contest: Contest, way: str, ratio: float) -> str:
    if way not in contest.ahead:
        fastest = contest.rows[contest.timed[0]].strategy
        return f"takes {significant(ratio, 2)} times as long as {fastest}"
    return "fastest" if len(contest.ahead) == 1 else "ties with the fastest"


def problem_rows(found: Sequence[Contest], *, dark: bool) -> list[dict[str, Any]]:
    """Return the rows of the table below the map."""
    return [_row(each, dark=dark) for each in found]


def _row(contest: Contest, *, dark: bool) -> dict[str, Any]:
    n_in, n_out = contest.shape
    size = None if n_in is None or n_out is None else n_in * n_out
    builtins = [ratio for each in _BUILTINS if (ratio := contest.ratio(each)) is not None]
    best = contest.rows[contest.timed[0]] if contest.timed else None
    fastest: dict[str, Any] = {"text": _fastest(contest), "sort": _fastest(contest)}
    if best is not None and contest.ahead:
        fastest["color"] = palette(dark).of(kind_of(best.strategy, best.mode))
    return {
        "mark": "",
        "cells": {
            "problem": {"text": contest.problem, "sort": contest.problem, "hint": contest.sizes},
            "shape": {
                "text": f"{format_count(n_out)} × {format_count(n_in)}" if size else "unknown",
                "sort": size,
            },
            "fastest": fastest,
            "time": {
                "text": format_seconds(best.median_s) if best else "unknown",
                "sort": best.median_s if best else None,
            },
            "builtin": _times(min(builtins, default=None)),
            "rule": _times(contest.ratio(contest.rule)),
        },
    }


def _fastest(contest: Contest) -> str:
    if contest.small:
        return "too small to tell"
    return " = ".join(contest.rows[way].strategy for way in contest.ahead) or "unknown"


def _times(ratio: float | None) -> dict[str, Any]:
    return {"text": "unknown" if ratio is None else f"{significant(ratio, 3)}×", "sort": ratio}


def problem_sentence(found: Sequence[Contest]) -> str:
    """Say how often each way is the fastest, and where the rule costs most."""
    alone = Counter(each.ahead[0] for each in found if len(each.ahead) == 1)
    told = [f"{way} on {count}" for way, count in alone.most_common()]
    ties = sum(len(each.ahead) > 1 for each in found)
    small = sum(each.small for each in found)
    if ties:
        told.append(f"several tie on {ties}")
    if small:
        told.append(f"{small} {'is' if small == 1 else 'are'} too small to tell")
    if not told:
        return ""
    costs = [(ratio, each) for each in found if (ratio := each.ratio(each.rule)) is not None]
    of = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    said = f"Fastest, of {of}: {'; '.join(told)}."
    if not costs:
        return said
    most, worst = max(costs, key=itemgetter(0))
    cost = f"it costs most for {worst.problem}: {significant(most, 2)} times the fastest"
    if most < _NO_COST:
        cost = "it is as fast as any, everywhere"
    return f"{said} What the rule n ≤ m → forward picks has a heavy border; {cost}."
