"""Reads numbers and sizes that people type or that stand in a link.

Whatever can't be read is a `ValueError` with a sentence. Only plain ASCII digits count: Python's
own `int` and `float` take `1_000` and other scripts' digits, and trip over 5,000 of them.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jacoscope.problems import Knob, KnobValue

_COUNT = re.compile(r"[0-9]{1,12}")
_SECONDS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{0,3})?|\.[0-9]{1,3})\s*([smh]?)")
_IN_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3_600.0}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{0,3})?)\s*([kMGT]?i?B?)", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LARGEST = 2**50
_MOST_DIMENSIONS, _LARGEST_DIMENSION = 8, 999_999_999


def read_count(text: str, low: int, high: int) -> int:
    """Read a whole number between `low` and `high`, both allowed.

    >>> read_count(" 1,024 ", 1, 4096)
    1024
    """
    plain = text.strip().replace(",", "")
    sign, digits = (-1, plain[1:]) if plain[:1] in ("-", "−") else (1, plain)
    if not _COUNT.fullmatch(digits) or not low <= sign * int(digits) <= high:
        raise ValueError(f"Give a whole number from {low:,} to {high:,}.")
    return sign * int(digits)


def read_seconds(text: str, low: float = 0.1, high: float = 86_400.0) -> float:
    """Read a time in seconds, minutes or hours.

    >>> read_seconds("2.5 s"), read_seconds("2m")
    (2.5, 120.0)
    """
    match = _SECONDS.fullmatch(text.strip())
    seconds = float(match[1]) * _IN_SECONDS[match[2]] if match else 0.0
    if match is None or not low <= seconds <= high:
        raise ValueError(f"Give seconds from {low:g} to {high:,.0f}.")
    return seconds


def read_bytes(text: str) -> int:
    """Read a size such as `2GB` or `500 MB`; `GiB` counts by 1024, `GB` by 1000.

    >>> read_bytes("2GB"), read_bytes("1 KiB")
    (2000000000, 1024)
    """
    match = _SIZE.fullmatch(text.strip())
    unit = match[2].lower().removesuffix("b") if match else ""
    base = 1024 if unit.endswith("i") else 1000
    size = int(float(match[1]) * base ** _POWER.get(unit.removesuffix("i"), 0)) if match else 0
    if not 1 <= size <= _LARGEST:
        raise ValueError("Give a size such as 500MB or 2GB.")
    return size


def read_knob(knob: Knob, text: str) -> KnobValue:
    """Read the value of a knob from text.

    Raises:
        ValueError: The knob doesn't allow it.
    """
    if knob.choices:
        return knob.check(text)
    return read_count(text, knob.low or 0, knob.high or 0)


def read_shape(text: str) -> tuple[int, ...]:
    """Read the shape of an array, such as `128x32`; `scalar` is that of a number.

    >>> read_shape("128 x 32"), read_shape("scalar")
    ((128, 32), ())
    """
    if text.strip().lower() == "scalar":
        return ()
    parts = text.lower().replace("×", "x").split("x")
    try:
        if len(parts) > _MOST_DIMENSIONS:
            raise ValueError
        return tuple(read_count(part, 0, _LARGEST_DIMENSION) for part in parts)
    except ValueError:
        raise ValueError("Give sizes joined by x, as in 128x32, or `scalar`.") from None


def is_loopback(address: str) -> bool:
    """Whether what a server listens on can only be reached from this machine."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
