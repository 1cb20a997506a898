"""What a number of calls costs in all, as points for a figure and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from jacoscope import Study

from ..figures import format_count, format_seconds

CALLS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


def total_points(study: Study) -> list[dict[str, Any]]:
    """Return the totals of the ways that win for some number of calls, and of JAX's own."""
    wins = {name: calls for calls, name in study.winners_by_calls()}
    own = [row.strategy for row in study.timed if row.strategy.startswith("jax.")]
    return [
        {
            "knob": "calls",
            "value": calls,
            "strategy": name,
            "mode": study.row(name).mode,
            "total_s": study.total_s(name, calls),
            "wins_from": wins.get(name),
        }
        for name in (dict.fromkeys([*wins, *own]) if wins else ())
        for calls in CALLS
    ]


def cheapest(study: Study, calls: int) -> str:
    """Return, as a heading and a sentence, which way is cheapest for a number of calls."""
    best = study.cheapest(calls)
    if best is None:
        return ""
    total, start = study.total_s(best.strategy, calls), study.total_s(best.strategy, 0)
    times = "call" if calls == 1 else "calls"
    return (
        f"<h3>Compiling included</h3><p>For {format_count(calls)} {times}"
        f" <strong>{escape(best.strategy)}</strong> is cheapest: {format_seconds(total)} in all,"
        f" {format_seconds(start)} of it before the first.</p>"
    )


def order_of_winners(points: Sequence[Mapping[str, Any]]) -> str:
    """Say from how many calls on which way has the least total."""
    wins = {each["strategy"]: each["wins_from"] for each in points if each["wins_from"]}
    (first, _), *later = sorted(wins.items(), key=lambda pair: pair[1])
    if not later:
        return f"{first} takes the least time for any number of calls."
    parts = [f"from {format_count(calls)} calls {name}" for name, calls in later]
    return f"{first} takes the least time at first, {', then '.join(parts)}."
