"""What stands on the tab *Compare* of two studies: what moved, and what they differ in besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..figures import format_seconds, kind_of, palette, three_digits

COLUMNS = [
    {"key": "strategy", "label": "Strategy", "hint": "Mode, batching and chunk size", "left": True},
    {"key": "there", "label": "There", "hint": "Median of the other study"},
    {"key": "here", "label": "Here", "hint": "Median of this study"},
    {"key": "ratio", "label": "Here over there", "hint": "Above 1 where this one is slower"},
    {"key": "moved", "label": "Change", "hint": "Whether it is beyond noise", "left": True},
]
_NAMES = {
    "jax": "JAX",
    "jaxlib": "jaxlib",
    "python": "Python",
    "processor": "the processor",
    "host": "the host",
}


def against_rows(held: Mapping[str, Any], *, dark: bool) -> list[dict[str, Any]]:
    """Return the rows of the table, those that moved most first.

    Args:
        held: What an `against` job brings.
        dark: Whether the page is dark.
    """
    rows = []
    for change in sorted(held["changes"], key=lambda each: (not each["moved"], -each["ratio"])):
        name = change["strategy"]
        ink = palette(dark).of(kind_of(name, change["mode"]))
        cells = {
            "strategy": {"text": name, "sort": name, "color": ink},
            "there": {"text": format_seconds(change["there_s"]), "sort": change["there_s"]},
            "here": {"text": format_seconds(change["here_s"]), "sort": change["here_s"]},
            "ratio": {"text": f"{three_digits(change['ratio'])}×", "sort": change["ratio"]},
            "moved": {"text": _moved(change), "sort": _moved(change)},
        }
        rows.append({"mark": "", "cells": cells})
    return rows


def _moved(change: Mapping[str, Any]) -> str:
    if not change["moved"]:
        return "within noise"
    return "slower" if change["ratio"] > 1 else "faster"


def against_sentence(held: Mapping[str, Any]) -> str:
    """Say how many strategies moved beyond noise, and what else is different."""
    changes = held["changes"]
    if not changes:
        return "Both studies have no strategy in common that was timed."
    told = [_moved(each) for each in changes]
    words = [word for word in ("faster", "slower", "within noise") if word in told]
    parts = [f"{told.count(word)} {word}" for word in words]
    said = f"Of {len(changes)} strategies here {', '.join(parts)}."
    differing = [
        f"{_NAMES[name]} {theirs} there, {ours} here"
        for name, (ours, theirs) in held["different"].items()
    ]
    if not held["same_shape"]:
        differing.append("the Jacobian has another shape")
    return f"{said} Also different: {'; '.join(differing)}." if differing else said
