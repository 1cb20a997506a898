"""What the many vectors of the tab *Products* say in words and in tables."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from .._requests import MANY_VECTORS
from ..figures import format_seconds, kind_of, palette, three_digits
from ._points import point_of

NAMES = {
    "jmp": ("JMP", "JMP: many tangents pushed"),
    "mjp": ("MJP", "MJP: many cotangents pulled"),
}

Points = Sequence[dict[str, Any]]


def offer() -> str:
    """Return the heading of the section: what is asked, and what would be measured."""
    *counts, last = (str(count) for count in MANY_VECTORS)
    numbers = f"{', '.join(counts)} and {last}"
    return (
        "<h3>Many vectors at once</h3><p class='quiet'>The same product with k vectors:"
        " in a Python loop, a lax.map, a vmap, or by chunks."
        f" Measured with {numbers} random vectors.</p>"
    )


def many_points(points: Sequence[tuple[int, Any]], small: Sequence[int]) -> list[dict[str, Any]]:
    """Return measured points as figures take them, in the order of the number of vectors.

    Args:
        points: Pairs of the number of vectors and a row.
        small: The numbers at which all of it was too small to tell.
    """
    return [
        point_of(row, "number of vectors", count, small=count in small)
        for count, row in sorted(points, key=itemgetter(0))
    ]


def summary(points: Points) -> str:
    """Say which way is the fastest for the most vectors, and how far the slowest is behind."""
    timed = [point for point in points if point["median_s"]]
    if not timed:
        return "Nothing has been timed yet."
    most = max(point["value"] for point in timed)
    last = sorted((p for p in timed if p["value"] == most), key=lambda p: p["median_s"])
    best, slowest = last[0], last[-1]
    vectors = f"{most} vector{'' if most == 1 else 's'}"
    if best["small"]:
        return f"Even with {vectors} all take about as long as an empty call: too small to tell."
    fastest = best["median_s"]
    rivals = [p["strategy"] for p in last[1:] if best["tie"] and p["tie"]]
    place = f"ties with {rivals[0]}" if rivals else "is fastest"
    words = f"With {vectors} {best['strategy']} {place}, {format_seconds(fastest)}"
    if slowest is not best and slowest["strategy"] not in rivals:
        times = three_digits(slowest["median_s"] / fastest)
        words += f"; {slowest['strategy']} takes {times} times as long"
    one = min((p["median_s"] for p in timed if p["value"] == 1), default=None)
    if one and most > 1:
        words += f". One vector takes {format_seconds(one)}"
        words += f": {most} cost {three_digits(fastest / one)} times as much"
    return words + "."


def columns(points: Points) -> list[dict[str, Any]]:
    """Return the columns of the table: one for each number of vectors."""
    counts = sorted({point["value"] for point in points})
    head = {"key": "strategy", "label": "Strategy", "hint": "Mode, batching and chunk size"}
    return [
        {**head, "left": True},
        *(
            {
                "key": str(count),
                "label": f"{count} vector{'' if count == 1 else 's'}",
                "hint": "Median of one call, compiled",
            }
            for count in counts
        ),
    ]


def many_rows(points: Points, *, dark: bool) -> list[dict[str, Any]]:
    """Return the rows of the table: one for each strategy, with its times."""
    counts = sorted({point["value"] for point in points})
    times = {(point["strategy"], point["value"]): point["median_s"] for point in points}
    rows = []
    for name, mode in dict.fromkeys((point["strategy"], point["mode"]) for point in points):
        cells: dict[str, Any] = {
            "strategy": {
                "text": name,
                "sort": name,
                "color": palette(dark).of(kind_of(name, mode)),
            }
        }
        for count in counts:
            median = times.get((name, count))
            text = "" if median is None else format_seconds(median)
            cells[str(count)] = {"text": text, "sort": median}
        rows.append({"mark": "", "cells": cells})
    return rows
