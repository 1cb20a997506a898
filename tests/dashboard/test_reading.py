"""Numbers and sizes as people type them."""

from __future__ import annotations

import pytest

from jacoscope_dashboard._reading import (
    is_loopback,
    read_bytes,
    read_count,
    read_seconds,
    read_shape,
)


@pytest.mark.parametrize(("text", "value"), [("4", 4), (" 1,024 ", 1024), ("-3", -3), ("−3", -3)])
def test_counts(text: str, value: int) -> None:
    assert read_count(text, -10, 4096) == value


@pytest.mark.parametrize(
    "text", ["", "²", "4.0", "1e3", "1" * 5000, "٣", "4097", "nan", "--1", "+4"]
)
def test_no_counts(text: str) -> None:
    with pytest.raises(ValueError, match=r"whole number from -10 to 4,096"):
        read_count(text, -10, 4096)


@pytest.mark.parametrize(("text", "value"), [("60", 60), ("2.5 s", 2.5), (".5", 0.5), ("1s", 1)])
def test_seconds(text: str, value: float) -> None:
    assert read_seconds(text) == value


@pytest.mark.parametrize("text", ["", "0", "inf", "1e9", "1e999", "-1", "nan", "9999999"])
def test_no_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="Give seconds from"):
        read_seconds(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GB", 2 * 10**9),
        ("500 mb", 5 * 10**8),
        ("1.5 GiB", 3 * 2**29),
        ("1024", 1024),
        ("4k", 4000),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert read_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GB", "0", "-1GB", "2 PB", "9" * 14 + "TB", "1e9", "nan"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="Give a size such as"):
        read_bytes(text)


def test_shapes_that_are_typed() -> None:
    assert read_shape("128x32") == (128, 32)
    assert read_shape("7") == (7,)
    assert read_shape("Scalar") == ()
    assert read_shape("0×2") == (0, 2)
    for text_ in ("x", "3x", "3y", "-1", "1e3", "²", "9" * 5000, "x".join("1" * 9)):
        with pytest.raises(ValueError, match="Give sizes joined by x"):
            read_shape(text_)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.2", False),
        ("localhost.example.org", False),
    ],
)
def test_which_addresses_are_this_machines_alone(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
