"""What stands on the tab *Compare* of two studies: what moved, and what they differ in besides."""

from __future__ import annotations

from typing import Any

from jacoscope import Study

from ..figures import format_seconds, kind_of, palette, three_digits

COLUMNS = [
    {"key": "strategy", "label": "Strategy", "hint": "Mode, batching and chunk size", "left": True},
    {"key": "there", "label": "There", "hint": "Median of the other study"},
    {"key": "here", "label": "Here", "hint": "Median of this study"},
    {"key": "ratio", "label": "Here over there", "hint": "Above 1 where this one is slower"},
    {"key": "moved", "label": "", "hint": "Whether it is beyond noise", "left": True},
]
_TOLD = {"jax": "JAX", "jaxlib": "jaxlib", "python": "Python", "processor": "the processor"}


def against_rows(here: Study, there: Study, *, dark: bool) -> list[dict[str, Any]]:
    """Return the rows of the table, those that moved most first."""
    medians = [{row.strategy: row.median_s for row in study.rows} for study in (here, there)]
    modes = {row.strategy: row.mode for row in here.rows}
    rows = []
    for change in sorted(here.against(there), key=lambda each: (not each.moved, -each.ratio)):
        name = change.strategy
        ink = palette(dark).of(kind_of(name, modes.get(name)))
        now, before = (found.get(name) for found in medians)
        rows.append(
            {
                "mark": "",
                "cells": {
                    "strategy": {"text": name, "sort": name, "color": ink},
                    "there": {"text": format_seconds(before), "sort": before},
                    "here": {"text": format_seconds(now), "sort": now},
                    "ratio": {"text": f"{three_digits(change.ratio)}×", "sort": change.ratio},
                    "moved": {"text": _moved(change), "sort": _moved(change)},
                },
            }
        )
    return rows


def _moved(change: Any) -> str:
    if not change.moved:
        return "within noise"
    return "slower" if change.ratio > 1 else "faster"


def against_sentence(here: Study, there: Study) -> str:
    """Say how many strategies moved beyond noise, and what else is different."""
    changes = here.against(there)
    if not changes:
        return "Both studies have no strategy in common that was timed."
    slower = sum(each.moved and each.ratio > 1 for each in changes)
    faster = sum(each.moved and each.ratio < 1 for each in changes)
    same = len(changes) - slower - faster
    parts = [
        f"{count} {word}"
        for count, word in ((faster, "faster"), (slower, "slower"), (same, "within noise"))
        if count
    ]
    said = f"Of {len(changes)} strategies here {', '.join(parts)}."
    differing = [
        f"{word} {theirs} there, {ours} here"
        for name, word in _TOLD.items()
        if (ours := str(here.environment.get(name, ""))[:60])
        != (theirs := str(there.environment.get(name, ""))[:60])
    ]
    shapes = [{(row.n_out, row.n_in) for row in study.rows} for study in (here, there)]
    if shapes[0] != shapes[1]:
        differing.append("the Jacobian has another shape")
    return f"{said} Also different: {'; '.join(differing)}." if differing else said
