"""What the orders of a Hessian-vector product say in words and in a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from jacoscope import Measurement

from .._html import alert
from ..figures import format_bytes, format_seconds, palette, significant
from ..figures._products import described

_ROUNDINGS = 1_000
_HOW = {
    "forward_over_reverse": ("Forward over reverse", "jvp(grad f)"),
    "reverse_over_forward": ("Reverse over forward", "grad(jvp f)"),
    "reverse_over_reverse": ("Reverse over reverse", "grad ⟨grad f, v⟩"),
    "full_hessian": ("Full Hessian", "jax.hessian(f) @ v"),
    "linearize": ("Linearized gradient", "linearize(grad f)"),
}

COLUMNS: list[dict[str, Any]] = [
    {"key": "order", "label": "Order", "hint": "Which derivative is taken of which", "left": True},
    {"key": "how", "label": "In JAX", "hint": "How it is written", "left": True},
    {
        "key": "difference",
        "label": "Difference",
        "hint": "Largest difference from the first order, relative to the largest number",
    },
    {"key": "median", "label": "Time", "hint": "Median of one call, compiled"},
    {
        "key": "memory",
        "label": "Memory",
        "hint": "Predicted: arguments, output and temporaries",
    },
    {
        "key": "note",
        "label": "Note",
        "hint": "What else there is to say",
        "left": True,
        "wrap": True,
    },
]


def heading(value: dict[str, Any] | None, state: str, message: str) -> str:
    """Return the heading of the section: what H v is, and whether its orders agree."""
    head = "<h3>The Hessian times v, by its orders</h3>"
    if state == "failed":
        return head + alert(message)
    if value is None:
        return head + '<p class="quiet">On its way.</p>'
    if value["product"] is None:
        return head + alert("No order gives a product. The table says why.", "notice")
    words = described(value["product"], value["n_in"])
    return (
        f"{head}<p class='summary'>{escape(agreement(value))}</p>"
        f"<p class='quiet'>H v: {escape(words)}.</p>"
    )


def agreement(value: dict[str, Any]) -> str:
    """Say how far the orders differ."""
    known = sum(not order["message"] for order in value["orders"])
    difference = value["largest_difference"]
    if difference is None:
        return f"{'One order gives' if known == 1 else 'No order gives'} it."
    if difference != difference:
        return "Not all its numbers are finite."
    if difference == 0:
        return f"All {known} orders give the same numbers, to the last digit."
    words = f"relative difference {significant(difference, 2)}"
    if difference <= _ROUNDINGS * value["eps"]:
        return f"All {known} orders agree but for rounding ({words})."
    return f"The {known} orders disagree ({words}), more than rounding explains."


def order_rows(
    value: dict[str, Any], measured: Sequence[Measurement], *, dark: bool
) -> list[dict[str, Any]]:
    """Return a row for each order: its agreement, and its cost where it was measured."""
    costs = {row.order: row for row in measured}
    return [
        _row(order, costs.get(order["order"]), _unmeasured(order, costs), dark)
        for order in value["orders"]
    ]


def _unmeasured(order: dict[str, Any], costs: dict[Any, Measurement]) -> str:
    """Why an order has no cost where others have."""
    if costs and order["order"] == "linearize":
        return "Not measured with one vector: it pays where many share it."
    return ""


def _row(
    order: dict[str, Any], cost: Measurement | None, unmeasured: str, dark: bool
) -> dict[str, Any]:
    name, how = _HOW[order["order"]]
    median = None if cost is None else cost.median_s
    size = None if cost is None else cost.predicted_bytes
    notes = [order["message"], cost.message if cost is not None else "", unmeasured]
    tags = ["tie"] if cost is not None and cost.tie else []
    return {
        "mark": "dim" if order["message"] else "",
        "cells": {
            "order": {
                "text": name,
                "sort": name,
                "tags": tags,
                "color": palette(dark).mixed,
            },
            "how": {"text": how, "sort": how},
            "difference": _cell(order["difference"], lambda number: significant(number, 2)),
            "median": _cell(median, format_seconds),
            "memory": _cell(size, format_bytes),
            "note": _cell(" ".join(dict.fromkeys(filter(None, notes))) or None, str),
        },
    }


def _cell(value: Any, words: Any) -> dict[str, Any]:
    return {"text": "" if value is None else words(value), "sort": value}
