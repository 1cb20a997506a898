"""Numbers and sizes as people type them."""

from __future__ import annotations

import pytest

from jacoscope_dashboard._reading import read_bytes, read_count, read_seconds


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
