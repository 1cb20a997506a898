"""Reads the values of options; what is wrong with one is said as "must be …, but got …"."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable

from .._reading import is_loopback, read_bytes, read_count, read_seconds, read_shape

LARGEST_COUNT = 1_000_000
VISITS_AT_ONCE = 150
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:]{2,39}\](:[0-9]{1,5})?")
_KNOB = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,40})=(.{1,40})")


def must_be(what: str, text: str) -> ArgumentTypeError:
    """Return the error of a value; the parser puts the option's name before it."""
    return ArgumentTypeError(f"must be {what}, but got {text!r}.")


def count(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range."""

    def read(text: str) -> int:
        try:
            return read_count(text, low, high)
        except ValueError:
            raise must_be(f"a whole number from {low} to {high}", text) from None

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader of one of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise must_be(f"{', '.join(words[:-1])} or {words[-1]}", text)
        return text

    return read


def shape(text: str) -> tuple[int, ...]:
    """Read the shape of an array.

    >>> shape("128x32"), shape("3"), shape("scalar")
    ((128, 32), (3,), ())
    """
    try:
        return read_shape(text or "scalar")
    except ValueError:
        raise must_be("sizes joined by x, such as 128x32", text) from None


def sizes(text: str) -> tuple[int, ...]:
    """Read chunk sizes.

    >>> sizes("8,64")
    (8, 64)
    """
    try:
        return tuple(read_count(each, 1, LARGEST_COUNT) for each in text.split(","))
    except ValueError:
        raise must_be("whole numbers above 0 joined by commas, such as 8,64,256", text) from None


def memory(text: str) -> int:
    """Read a number of bytes."""
    try:
        return read_bytes(text)
    except ValueError:
        raise must_be("a size such as 500MB or 2GB", text) from None


def seconds(text: str) -> float:
    """Read a time."""
    try:
        return read_seconds(text)
    except ValueError:
        raise must_be("a time such as 30s or 2m, from 0.1 s to a day", text) from None


def host(text: str) -> str:
    """Read the name of a host, with or without a port.

    >>> host("plots.example.org:8080")
    'plots.example.org:8080'
    """
    if not _HOST.fullmatch(text):
        raise must_be("a host such as plots.example.org:8080, without http:// or *", text)
    return text


def knob(text: str) -> tuple[str, str]:
    """Read the name and the value of a problem's knob.

    >>> knob("batch=64")
    ('batch', '64')
    """
    found = _KNOB.fullmatch(text)
    if found is None:
        raise must_be("a name and a value, such as batch=64", text)
    return found[1], found[2]


def path_of(*endings: str) -> Callable[[str], str]:
    """Return a reader of a file's name with one of some endings."""

    def read(text: str) -> str:
        if not text.endswith(endings):
            raise must_be(f"a file that ends in {' or '.join(endings)}", text)
        return text

    return read


def loopback(text: str) -> str:
    """Read an address that no other machine can reach."""
    if not is_loopback(text):
        raise must_be("an address of this machine alone, such as localhost", text)
    return text
