"""Which tangent or cotangent: a short text, as it stands in a link, and what a job takes.

`basis:3`, `ones`, `random:7`, or the numbers themselves, as `0.5,-1`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ._reading import read_count

KINDS = {"basis": "Basis vector", "ones": "Ones", "random": "Random", "values": "Values"}
EDITABLE = 16  # numbers that can be edited one by one
LARGEST_INDEX = 2**31 - 1
FIRST = "basis:0"

_NUMBER = re.compile(r"[-−+]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")


def read_choice(text: str) -> dict[str, Any]:
    """Read a choice from text.

    Raises:
        ValueError: It is none.

    >>> read_choice("basis:3"), read_choice("0.5, −1")
    ({'kind': 'basis', 'index': 3}, {'kind': 'values', 'values': [0.5, -1.0]})
    """
    kind, _, rest = text.strip().partition(":")
    match kind:
        case "ones" if not rest:
            return {"kind": "ones"}
        case "basis":
            return {"kind": "basis", "index": read_count(rest, 0, LARGEST_INDEX)}
        case "random":
            return {"kind": "random", "seed": read_count(rest, 0, LARGEST_INDEX)}
        case _:
            return {"kind": "values", "values": read_values(text)}


def read_values(text: str, count: int | None = None) -> list[float]:
    """Read numbers with commas or spaces between them.

    Args:
        text: The numbers.
        count: How many there have to be; None for any number of them that can be edited.

    Raises:
        ValueError: Something else is in the text, or it has more or fewer numbers.

    >>> read_values("1, .5 -2")
    [1.0, 0.5, -2.0]
    """
    parts = text.replace(",", " ").split()
    wrong_count = len(parts) != count if count else not 1 <= len(parts) <= EDITABLE
    if wrong_count or not all(_NUMBER.fullmatch(part) for part in parts):
        many = f"{count} number{'' if count == 1 else 's'}" if count else f"1 to {EDITABLE} numbers"
        raise ValueError(f"Give {many}, as 0.5, −1.")
    return [float(part.replace("−", "-")) for part in parts]


def values_text(values: Sequence[float], separator: str = ",") -> str:
    """Write numbers so that `read_values` reads them, with four digits each.

    >>> values_text([0.5, -1.0, 1 / 3])
    '0.5,-1,0.3333'
    """
    return separator.join(_plain(float(value)) for value in values)


def choice_text(choice: dict[str, Any]) -> str:
    """Write a choice as text.

    >>> choice_text({"kind": "random", "seed": 7})
    'random:7'
    """
    match choice["kind"]:
        case "basis":
            return f"basis:{choice['index']}"
        case "random":
            return f"random:{choice['seed']}"
        case "values":
            return values_text(choice["values"])
        case kind:
            return str(kind)


def _plain(value: float) -> str:
    text = f"{float(f'{value:.4g}'):.9f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
