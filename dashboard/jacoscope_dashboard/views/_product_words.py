"""What the tab *Products* says in words."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from .._html import alert, matrix_table
from ..figures import format_count, significant, three_digits

_ROUNDINGS = 1_000  # of which a long computation may leave hundreds
_TABLE = 16
_ROUND = 1e-4  # below which nobody sees that an ellipse is none
_LINEAR_PART = (
    "f branches on values, which jax.jit refuses. So f itself ran once, in plain Python, and what"
    " is left of it at x is linear: linear_part returns that, jitted, and it takes every v and u."
)
MISSING = "—"


def pushed_words(value: dict[str, Any]) -> str:
    """Say what the pushed vector is, from what the tangent is."""
    choice = value["tangent"]["choice"]
    outputs = "f(x) moves" if value["n_out"] == 1 else f"{_all(value['n_out'], 'output')} move"
    match choice["kind"]:
        case "basis":
            name = value["tangent"]["largest"][0][0] if value["n_in"] else ""
            what = f"column {choice['index']:,} of J: how {outputs} with {name}"
        case "ones":
            what = f"the sum of {_all(value['n_in'], 'column')} of J"
        case _:
            what = f"how {outputs} when x moves along v"
    return f"J v is {what}. It takes one JVP, however many outputs there are."


def pulled_words(value: dict[str, Any]) -> str:
    """Say what the pulled vector is, from what the cotangent is."""
    choice = value["cotangent"]["choice"]
    inputs = "x" if value["n_in"] == 1 else _all(value["n_in"], "input")
    match choice["kind"]:
        case "basis" if value["scalar"]:
            what = f"the gradient of f with respect to {inputs}"
        case "basis":
            name = value["cotangent"]["largest"][0][0] if value["n_out"] else ""
            what = f"row {choice['index']:,} of J: how {name} moves with {inputs}"
        case "ones":
            rows = _all(value["n_out"], "row")
            what = f"the sum of {rows} of J: the gradient of Σ f(x), which vgrad returns"
        case _:
            what = f"the gradient of ⟨u, f(x)⟩ with respect to {inputs}"
    return f"Jᵀ u is {what}. It takes one VJP, however many inputs there are."


def words_html(value: dict[str, Any]) -> str:
    """Return a sentence on each product that is there."""
    said = [
        words(value)
        for words, name in ((pushed_words, "pushed"), (pulled_words, "pulled"))
        if value[name] is not None
    ]
    if value["through_linear_part"]:
        said.append(_LINEAR_PART)
    return "".join(f'<p class="summary">{escape(each)}</p>' for each in said)


def notes_html(value: dict[str, Any]) -> str:
    """Return why a vector is not the one that was asked for; nothing where both are."""
    notes = [value[name]["note"] for name in ("tangent", "cotangent") if value[name]["note"]]
    return "".join(alert(note, "notice") for note in notes)


def inner_html(value: dict[str, Any]) -> str:
    """Return both inner products with what lies between them."""
    digits = 16 if value["dtype"] == "float64" else 9
    numbers = {
        "forward": ("⟨u, J v⟩", "by the JVP", value["inner_forward"]),
        "reverse": ("⟨Jᵀ u, v⟩", "by the VJP", value["inner_reverse"]),
    }
    cells = [
        f'<div class="number {kind}"><span>{label}</span>'
        f"<strong>{MISSING if number is None else significant(number, digits)}</strong>"
        f'<span class="quiet">{how}</span></div>'
        for kind, (label, how, number) in numbers.items()
    ]
    difference = value["difference"]
    shown = MISSING if difference is None else three_digits(difference)
    cells.append(
        f'<div class="number"><span>difference</span><strong>{shown}</strong>'
        f'<span class="quiet">{escape(_eps(value))}</span></div>'
    )
    kind, sentence = agreement(value)
    verdict = alert(sentence) if kind == "error" else f"<p>{escape(sentence)}</p>"
    return (
        '<h3>One number, two ways</h3><div class="numbers">' + "".join(cells) + f"</div>{verdict}"
    )


def agreement(value: dict[str, Any]) -> tuple[str, str]:
    """Judge whether both inner products are one number: `ok`, `error` or `unknown`, and why."""
    difference, rounding = value["difference"], value["rounding"]
    if difference is None:
        missing = "forward" if value["pushed"] is None else "reverse"
        return "unknown", f"There is nothing to compare with: {missing} mode can't pass f."
    if difference != difference or rounding != rounding or rounding == float("inf"):
        return "unknown", "Something in them is not finite, so they say nothing."
    if difference == 0:
        return "ok", "The same to the last digit: the VJP is the transpose of the JVP."
    if difference <= _ROUNDINGS * rounding:
        return "ok", "The same but for rounding: the VJP is the transpose of the JVP."
    times = three_digits(difference / rounding) if rounding else "∞"
    return "error", (
        f"They differ by {times} times the rounding of one product, more than rounding explains."
        " A rule of one of the modes may be wrong."
    )


def plane_html(value: dict[str, Any]) -> str:
    """Return what a map of the plane does to a circle; nothing for any other function."""
    plane = value["plane"]
    if plane is None:
        return ""
    first, second = (float(each) for each in plane["singular"])
    area = float(np.linalg.det(plane["matrix"]))
    flat = second <= 1e-6 * max(first, 1e-300)
    round_ = first - second <= _ROUND * first
    turn = "turning it over" if area < 0 else "without turning it over"
    grows = "" if flat else f" It multiplies areas by {three_digits(abs(area))}, {turn}."
    curve = ""
    if plane["curve"] is not None:
        curve = (
            f" Dotted is what f itself makes of the circle of radius {plane['radius']:g} around"
            " x, at the same scale: the smaller the circle, the closer it comes."
        )
    if round_:
        shape = f"a circle of radius {three_digits(first)}, both its singular values"
    else:
        shape = (
            f"{'a line' if flat else 'an ellipse'} with half-axes"
            f" {three_digits(first)} and {three_digits(second)}, its singular values"
        )
    return f'<p class="summary">J takes the unit circle to {shape}.{grows}{curve}</p>'


def values_html(value: dict[str, Any]) -> str:
    """Return the numbers of all that is drawn as tables, folded away: the few, or the largest."""
    tables = [*_plane_tables(value),
        _table(value, "Inputs", value["n_in"], value["x_names"],
               {"x": "x", "v": "tangent", "Jᵀ u": "pulled"}),
        _table(value, "Outputs", value["n_out"], value["y_names"],
               {"f(x)": "y", "u": "cotangent", "J v": "pushed"}),
    ]  # fmt: skip
    return f"<details><summary>Values</summary>{''.join(tables)}</details>"


def _plane_tables(value: dict[str, Any]) -> list[str]:
    plane = value["plane"]
    if plane is None:
        return []
    x, y = value["x_names"], value["y_names"]
    directions = [
        [three_digits(float(number)) for number in (each, *right, *left)]
        for each, right, left in zip(plane["singular"], plane["right"], plane["left"], strict=True)
    ]
    heads = ["σ", *(f"of inputs, {name}" for name in x), *(f"of outputs, {name}" for name in y)]
    matrix = [[three_digits(float(each)) for each in line] for line in plane["matrix"]]
    return [
        matrix_table(y, x, matrix, "J at x"),
        matrix_table(["σ₁", "σ₂"], heads, directions, "Singular values and directions"),
    ]


def _table(
    value: dict[str, Any], side: str, count: int, names: list[str], columns: dict[str, str]
) -> str:
    known = {head: value[name] for head, name in columns.items() if value[name] is not None}
    if 0 < count <= _TABLE:
        rows = [
            [three_digits(float(vector["values"][i])) for vector in known.values()]
            for i in range(count)
        ]
        return matrix_table(names, list(known), rows, f"{side}, {_many(count, 'number')}")
    most = max((len(vector["largest"]) for vector in known.values()), default=0)
    rows = [
        [f"{name}: {three_digits(number)}" for name, number in
         (vector["largest"][i] for vector in known.values())]
        for i in range(most)
    ]  # fmt: skip
    ranks = [f"{i + 1}." for i in range(most)]
    caption = f"{side}, the largest of {_many(count, 'number')}"
    return matrix_table(ranks, list(known), rows, caption)


def _eps(value: dict[str, Any]) -> str:
    rounding = value["rounding"]
    if rounding is None:
        return ""
    return f"one rounding in {value['dtype']}: {three_digits(rounding)}"


def _all(count: int, word: str) -> str:
    if count == 2:
        return f"both {word}s"
    return f"all {format_count(count)} {word}s" if count != 1 else f"the one {word}"


def _many(count: int, word: str) -> str:
    return f"{format_count(count)} {word}{'' if count == 1 else 's'}"
