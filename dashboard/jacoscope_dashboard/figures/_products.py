"""From what a products job brings to what the board of vectors draws, all words included.

No HoloViews here: these drawings are edited by hand and by keyboard; see `ProductBoard`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._units import format_count, three_digits

EDITABLE = 16
_INPUTS = ("tangent", "pulled")
_ROLE = {"tangent": "Tangent v", "cotangent": "Cotangent u", "pushed": "J v", "pulled": "Jᵀ u"}


def product_board(value: dict[str, Any]) -> dict[str, Any]:
    """Lay out the four vectors: a plane for a side of two numbers, bars for any other.

    Args:
        value: What a `products` job brings.

    Returns:
        Plain data: `inputs` and `outputs`, each with whether it is a plane, and `cards`: per card
        its title, its note, and the numbers and names of what it draws.
    """
    sides = {"inputs": value["n_in"] == 2, "outputs": value["n_out"] == 2}
    cards = {}
    for side, edited, result in (
        ("inputs", "tangent", "pulled"),
        ("outputs", "cotangent", "pushed"),
    ):
        if sides[side]:
            cards[side] = _plane(value, side, edited, result)
        else:
            cards |= {name: _bars(value, name) for name in (edited, result)}
    return {**{name: {"plane": plane} for name, plane in sides.items()}, "cards": cards}


def vector_bars(
    vector: dict[str, Any], names: Sequence[str], role: str, count: int
) -> dict[str, Any]:
    """Give one vector of `count` numbers, of mixed mode, as `VectorBars` takes it."""
    return {
        "kind": "mixed",
        "editable": False,
        "role": role,
        "names": list(names),
        "values": _numbers(vector["values"]),
        "summary": f"{role}: {described(vector, count)}",
    }


def described(vector: dict[str, Any], count: int) -> str:
    """Say the norm of a vector, how sparse it is, and where it is largest.

    Args:
        vector: As a job brings it.
        count: How many numbers it has.
    """
    if not count:
        return "no numbers"
    if vector["odd"]:
        return f"{format_count(vector['odd'])} of {format_count(count)} not finite"
    if not vector["nonzero"]:
        return "all zero"
    norm = f"norm {three_digits(vector['norm'])}"
    name, largest = vector["largest"][0]
    sparse = ""
    if 2 * vector["nonzero"] <= count:
        sparse = f", {format_count(vector['nonzero'])} of {format_count(count)} not zero"
    return f"{norm}{sparse}, largest at {name}: {three_digits(largest)}"


def _bars(value: dict[str, Any], name: str) -> dict[str, Any]:
    inputs = name in _INPUTS
    vector, count = value[name], value["n_in" if inputs else "n_out"]
    kind = "forward" if name in ("tangent", "pushed") else "reverse"
    editable = name in ("tangent", "cotangent") and count <= EDITABLE
    role = _ROLE[name]
    if vector is None:
        title, note = _title(name, kind, value), value[f"{kind}_message"]
        return {"title": title, "note": note, "missing": True}
    note = _capital(described(vector, count))
    if vector["step"] > 1:
        note += f"; each bar is the largest of {vector['step']}"
    title = _title(name, kind, value)
    if editable:
        title[-1][0] += "; drag them, or use the arrow keys"
    return {
        "title": title,
        "note": note,
        "kind": kind,
        "editable": editable,
        "role": role,
        "names": value["x_names" if inputs else "y_names"],
        "values": _numbers(vector["values"]),
        "summary": f"{role}: {note}",
    }


def _plane(value: dict[str, Any], side: str, edited: str, result: str) -> dict[str, Any]:
    inputs = side == "inputs"
    plane = value["plane"]
    kinds = ("forward", "reverse") if inputs else ("reverse", "forward")
    arrows = [
        _arrow(value, edited, "v" if inputs else "u", kinds[0], editable=True),
        _arrow(value, result, "Jᵀu" if inputs else "Jv", kinds[1], editable=False),
    ]
    shapes: list[dict[str, Any]] = []
    axes: list[dict[str, Any]] = []
    if plane is not None:
        closed = plane["circle" if inputs else "ellipse"]
        shapes.append({"kind": "filled", "points": _points(closed)})
        if not inputs and plane["curve"] is not None:
            shapes.append({"kind": "curve", "points": _points(plane["curve"])})
        ends = plane["right"] if inputs else plane["left"] * plane["singular"][:, None]
        lengths = np.linalg.norm(ends, axis=1)
        axes = [
            {"label": label, "to": [float(n) for n in end]}
            for label, end, length in zip(("σ₁", "σ₂"), ends, lengths, strict=True)
            if length > 1e-3
        ]
    # the message of a result that is not there, else what is drawn
    message = value["reverse_message" if inputs else "forward_message"]
    return {
        "title": [
            ["Inputs" if inputs else "Outputs", ""],
            *(_title(name, kind, value)[0] for name, kind in zip((edited, result), kinds,
                                                                 strict=True)),
        ],
        "note": message or plane_note(value, inputs),
        "names": value["x_names" if inputs else "y_names"],
        "arrows": arrows,
        "shapes": shapes,
        "axes": axes,
        "summary": f"{'Inputs' if inputs else 'Outputs'}: {plane_note(value, inputs)}",
    }  # fmt: skip


def plane_note(value: dict[str, Any], inputs: bool) -> str:
    """Say what a plane shows."""
    plane = value["plane"]
    if plane is None:
        return f"Drag {'v' if inputs else 'u'}, or use the arrow keys."
    if inputs:
        return "Drag v. The lines are the directions that J stretches most and least."
    first, second = (three_digits(float(each)) for each in plane["singular"])
    return f"Drag u. J makes the ellipse of the circle; half-axes σ₁ = {first}, σ₂ = {second}."


def _arrow(
    value: dict[str, Any], name: str, label: str, kind: str, *, editable: bool
) -> dict[str, Any]:
    vector = value[name]
    return {
        "label": label,
        "kind": kind,
        "editable": editable,
        "role": _ROLE[name],
        "values": None if vector is None else _numbers(vector["values"]),
    }


def _title(name: str, kind: str, value: dict[str, Any]) -> list[list[str]]:
    count = value["n_in" if name in _INPUTS else "n_out"]
    side = "x" if name in _INPUTS else "f(x)"
    many = f"{format_count(count)} number{'' if count == 1 else 's'}, like {side}"
    return [[_ROLE[name], kind], [many, "quiet"]]


def _numbers(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values]


def _points(points: Any) -> list[list[float]]:
    return [[round(float(a), 4), round(float(b), 4)] for a, b in points]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
