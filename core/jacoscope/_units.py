"""Numbers as people read them: three digits and a unit that fits."""

from __future__ import annotations

import math

UNKNOWN = "unknown"
SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
RATES = tuple(
    (one, f"{name}FLOP/s")
    for one, name in zip((1e12, 1e9, 1e6, 1e3, 1.0), ("T", "G", "M", "k", ""), strict=True)
)
_COUNTS = ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"))


def format_seconds(seconds: float | None) -> str:
    """Write a time with three digits and its unit.

    Args:
        seconds: A time in seconds; None or NaN where it is unknown.

    Example:
        >>> format_seconds(0.0000123), format_seconds(0.25), format_seconds(None)
        ('12.3 µs', '250 ms', 'unknown')
    """
    return _format(seconds, SECONDS)


def format_bytes(size: float | None) -> str:
    """Write a size in bytes with three digits and a decimal unit (1 kB = 1,000 B).

    Args:
        size: A number of bytes; None or NaN where it is unknown.

    Example:
        >>> format_bytes(96), format_bytes(16_800_000), format_bytes(40e9)
        ('96 B', '16.8 MB', '40 GB')
    """
    return _format(size, BYTES)


def format_rate(flops_per_s: float | None) -> str:
    """Write how many floating-point operations are done in a second.

    Args:
        flops_per_s: Operations a second; None or NaN where unknown.

    Example:
        >>> format_rate(1.5e10), format_rate(None)
        ('15 GFLOP/s', 'unknown')
    """
    return _format(flops_per_s, RATES)


def format_count(count: float | None) -> str:
    """Write how many: with commas below a million, with three digits and a word above.

    Args:
        count: A number of things; None or NaN where it is unknown.

    Example:
        >>> format_count(1), format_count(12_345), format_count(2_621_440)
        ('1', '12,345', '2.62 million')
    """
    if count is None or math.isnan(count):
        return UNKNOWN
    for one, name in _COUNTS:
        if abs(count) >= 0.9995 * one and math.isfinite(count):
            return f"{three_digits(count / one)}{name}"
    return f"{count:,.0f}" if count == round(count) else three_digits(count)


def three_digits(value: float) -> str:
    """Write a number with three significant digits, without an exponent where it can be read.

    Example:
        >>> three_digits(250.0), three_digits(0.01234), three_digits(-4.0), three_digits(1e-9)
        ('250', '0.0123', '−4', '1e−9')
    """
    return significant(value, 3)


def significant(value: float, digits: int) -> str:
    """Write a number with so many significant digits and a true minus sign.

    Example:
        >>> significant(-0.5, 2), significant(123456.0, 3), significant(float("-inf"), 3)
        ('−0.5', '1.23e5', '−∞')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    mantissa, found, exponent = text.partition("e")
    if found:
        plain = f"{value:.0f}"
        if len(plain.lstrip("-")) <= 4 and abs(value) >= 1:
            text = plain
        else:
            text = f"{mantissa}e{int(exponent)}"
    return "0" if text == "-0" else text.replace("-", "−")


def _format(value: float | None, units: tuple[tuple[float, str], ...]) -> str:
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return f"{significant(value, 3)} {units[0][1]}"
    size = abs(value)
    # 999.6 µs would be written as "1e3 µs": it belongs to the next unit.
    one, name = next((unit for unit in units if size >= 0.9995 * unit[0]), units[-1])
    if size == 0:
        one, name = next(unit for unit in units if unit[0] == 1.0)
    return f"{three_digits(value / one)} {name}"
