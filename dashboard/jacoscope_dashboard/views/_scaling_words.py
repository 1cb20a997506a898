"""What the tab *Scaling* says in words, and what its figures and tables take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from jacoscope import Measurement, Study

from .._comparison import Comparison
from .._growth import Crossover, by_rule, crossovers, faster_mode, growths
from .._requests import Spec
from .._scaling import DEVICES, SHARED, Range, depth_knob, map_knobs, map_sizes
from ..figures import IDEAL, Cell, format_bytes, format_count, kind_of, palette, three_digits
from ._points import by_size, point_of

GROWTH_COLUMNS = [
    {"key": "strategy", "label": "Strategy", "hint": "Mode, batching and chunk size", "left": True},
    {"key": "time", "label": "Time grows as", "hint": "Fitted to the three largest sizes"},
    {"key": "memory", "label": "Memory grows as", "hint": "The same, of what XLA predicts"},
]
NO_DEPTH = "This problem does nothing in steps. Those in the group Depth and memory do."
NO_MAP = "A map needs a problem with two sizes."

Points = list[dict[str, Any]]


def range_offer(chosen: Range | None) -> str:
    """Say what a sweep would do."""
    if chosen is None:
        return "For a function of your own, sweep the chunk size: choose Jacobian or Hessian."
    *sizes, last = map(format_count, chosen.sizes)
    if chosen.name == DEVICES:
        return (
            f"Shares the passes of a derivative between {', '.join(sizes)} and {last} devices."
            " Memory is that of each of them."
        )
    return f"Compares at {chosen.title.lower()} {', '.join(sizes)} and {last}."


def range_points(comparison: Comparison, chosen: Range) -> Points:
    """Return the points of a sweep as figures take them, growing; chunk sizes from the rows."""
    right = {
        size: {row.strategy for row in Study(rows=tuple(rows)).timed}
        for size, rows in by_size(comparison.points).items()
    }
    points = []
    for size, row in comparison.points:
        told = {"right": row.strategy in right[size], "small": size in comparison.small}
        value, name = size, row.strategy
        if chosen.name == "chunk_size":
            value, name = row.chunk_size or 0, name.rpartition("/")[0]
        name = name.removesuffix(SHARED)
        points.append(point_of(row, chosen.title.lower(), value, name=name, **told))
    return sorted(points, key=itemgetter("value"))


def speed_ups(points: Points) -> Points:
    """Return how many times as fast as on one device each strategy is, and what is ideal.

    Empty where something else than devices grows.
    """
    if not points or points[0]["knob"] != DEVICES:
        return []
    alone = {each["strategy"]: each["median_s"] for each in points if each["value"] == 1}
    counts = sorted({each["value"] for each in points})
    ideal = {"knob": DEVICES, "strategy": IDEAL, "mode": None}
    return [
        *(
            {**each, "speed_up": alone[each["strategy"]] / each["median_s"]}
            for each in points
            if each["median_s"] and alone.get(each["strategy"])
        ),
        *({**ideal, "value": count, "speed_up": float(count)} for count in counts),
    ]


def depth_points(comparison: Comparison, spec: Spec) -> Points:
    """Return the points of a depth sweep as figures take them, growing."""
    knob = depth_knob(spec)
    title = knob.title.lower() if knob else ""
    points = [point_of(row, title, size) for size, row in comparison.points]
    return sorted(points, key=itemgetter("value"))


def growth_rows(points: Points, *, dark: bool) -> list[dict[str, Any]]:
    """Return the rows of the table of exponents."""
    knob = points[0]["knob"] if points else ""
    return [
        {
            "mark": "",
            "cells": {
                "strategy": {
                    "text": each.strategy,
                    "sort": each.strategy,
                    "color": palette(dark).of(kind_of(each.strategy, each.mode)),
                },
                "time": {"text": _power(knob, each.time), "sort": each.time},
                "memory": {"text": _power(knob, each.memory), "sort": each.memory},
            },
        }
        for each in growths(points)
    ]


def _power(knob: str, exponent: float | None) -> str:
    if exponent is None:
        return "unknown"
    return "constant" if abs(exponent) < 0.05 else f"{knob} ^ {exponent:.2f}"


def crossover_sentence(points: Points) -> str:
    """Say where another mode becomes the faster one, beside what the rule n ≤ m says."""
    knob = points[0]["knob"] if points else "size"
    found = crossovers(points)
    always = faster_mode(points)
    if found:
        said = _turns(found, knob, "measured")
    elif always:
        said = f"{always.capitalize()} mode's best is ahead at every size measured."
    else:
        return ""
    rule = by_rule(points)
    if rule:
        return f"{said} {_turns(rule, knob, 'by the rule, where n = m')}"
    shapes = [(p["n_in"], p["n_out"]) for p in points if p.get("n_in") and p.get("n_out")]
    if not shapes:
        return said
    says = "forward" if shapes[0][0] <= shapes[0][1] else "reverse"
    return f"{said} By the rule n ≤ m it would be {says} mode throughout."


def _turns(found: Sequence[Crossover], knob: str, how: str) -> str:
    turns = [
        f"from {each.before} to {each.after} mode at {knob} {three_digits(each.size)}"
        for each in found
    ]
    return f"The faster mode changes, {how}: {', then '.join(turns)}."


def depth_sentence(points: Points) -> str:
    """Say how far the memory of each kind of pass has grown from the least depth to the most."""
    known = sorted((each for each in points if each["predicted_bytes"]), key=itemgetter("strategy"))
    parts = []
    for name, group in groupby(known, key=itemgetter("strategy")):
        inside = sorted(group, key=itemgetter("value"))
        first, last = inside[0], inside[-1]
        if first["value"] < last["value"]:
            ends = [format_bytes(each["predicted_bytes"]) for each in (first, last)]
            parts.append(f"{name} {ends[0]} → {ends[1]}")
    if not parts:
        return ""
    low, high = (format_count(end(p["value"] for p in known)) for end in (min, max))
    return f"Memory from {points[0]['knob']} {low} to {high}: {'; '.join(parts)}."


def map_offer(spec: Spec) -> str:
    """Say what a map would do; why there is none where there is none."""
    knobs = map_knobs(spec)
    if knobs is None:
        return NO_MAP
    cells = len(map_sizes(spec)[0]) * len(map_sizes(spec)[1])
    return (
        f"Measures forward and reverse mode, whole and by chunks of 64, at {cells} pairs of"
        f" {knobs[0].title.lower()} and {knobs[1].title.lower()}."
    )


def map_drawn(comparison: Comparison) -> dict[str, Any]:
    """Return what `mode_map` draws, of the cells that are there."""
    spec = comparison.sweep_spec
    knobs = map_knobs(spec) if spec else None
    if spec is None or knobs is None:
        return {"cells": [], "across": ("", ()), "up": ("", ())}
    across, up = map_sizes(spec)
    titles = [knob.title.lower() for knob in knobs]
    cells = []
    for place, found in sorted(by_size(comparison.points).items()):
        high, left = divmod(place, len(across))
        sizes = f"{titles[0]} {across[left]:,}, {titles[1]} {up[high]:,}"
        cells.append(_cell(left, high, sizes, found, small=place in comparison.small))
    return {"cells": cells, "across": (titles[0], across), "up": (titles[1], up)}


def _cell(across: int, up: int, sizes: str, rows: Sequence[Measurement], *, small: bool) -> Cell:
    n_in, n_out = rows[0].n_in, rows[0].n_out
    rule = "" if not n_in or not n_out else "forward" if n_in <= n_out else "reverse"
    best = {mode: _fastest(rows, mode) for mode in ("forward", "reverse")}
    first, second = sorted(
        best.values(), key=lambda row: float("inf") if row is None else row.median_s or 0.0
    )
    if first is None or second is None:
        return Cell(across, up, sizes, None, None, "unknown", rule)
    if small:
        return Cell(across, up, sizes, None, None, "too small", rule)
    apart = (second.low_s or 0.0) > (first.high_s or float("inf"))
    if not apart:
        return Cell(across, up, sizes, None, None, "tie", rule)
    ratio = (second.median_s or 0.0) / (first.median_s or 1.0)
    kind = kind_of(first.strategy, first.mode)
    return Cell(across, up, sizes, kind, ratio, first.strategy, rule)


def _fastest(rows: Sequence[Measurement], mode: str) -> Measurement | None:
    timed = [row for row in Study(rows=tuple(rows)).timed if row.mode == mode]
    return min(timed, key=lambda row: row.median_s or 0.0, default=None)


def map_sentence(drawn: Mapping[str, Any]) -> str:
    """Say how many cells go to each mode, and at how many the rule says otherwise."""
    cells: Sequence[Cell] = drawn["cells"]
    counts = {
        "forward mode": sum(cell.kind == "forward" for cell in cells),
        "reverse mode": sum(cell.kind == "reverse" for cell in cells),
        "neither": sum(cell.kind is None for cell in cells),
    }
    told = [f"{count} to {name}" for name, count in counts.items() if count]
    if not told:
        return ""
    against = sum(cell.against_rule for cell in cells)
    rule = (
        f"At {against} of them the rule n ≤ m → forward says otherwise: they have a heavy border."
        if against
        else "The rule n ≤ m → forward agrees wherever one is ahead."
    )
    return f"Of {len(cells)} pairs {', '.join(told)}. {rule}"
