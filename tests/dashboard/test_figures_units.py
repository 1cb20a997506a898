"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from jacoscope_dashboard.figures import format_bytes, format_count, format_seconds, significant


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1.5e-9, "1.5 ns"),
        (1.234e-5, "12.3 µs"),
        (9.996e-4, "1 ms"),
        (9.994e-4, "999 µs"),
        (0.25, "250 ms"),
        (59.94, "59.9 s"),
        (3600.0, "3600 s"),
        (0.0, "0 s"),
        (3e-11, "0.03 ns"),
        (None, "unknown"),
        (math.nan, "unknown"),
        (math.inf, "∞ s"),
    ],
)
def test_seconds(seconds: float | None, words: str):
    assert format_seconds(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (16_777_216, "16.8 MB"),
        (40_000_000_000, "40 GB"),
        (999_999_999, "1 GB"),
        (None, "unknown"),
    ],
)
def test_bytes(size: float | None, words: str):
    assert format_bytes(size) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (3, "3"),
        (1024, "1,024"),
        (2.5, "2.5"),
        (999_999, "1 million"),
        (3_100_000_000, "3.1 billion"),
        (None, "unknown"),
    ],
)
def test_counts(count: float | None, words: str):
    assert format_count(count) == words


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (-1.2345, 3, "−1.23"),
        (1e-12, 2, "1e−12"),
        (-6.02e23, 3, "−6.02e23"),
        (1234.0, 3, "1234"),
        (math.nan, 3, "NaN"),
        (-math.inf, 3, "−∞"),
    ],
)
def test_significant_digits(value: float, digits: int, words: str):
    assert significant(value, digits) == words
