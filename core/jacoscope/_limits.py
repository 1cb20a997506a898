"""Memory limits: how they are written, what is refused, and the largest chunk that fits."""

from __future__ import annotations

import re
from collections.abc import Callable

import psutil

from ._units import format_bytes

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_WRITTEN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$")
_OFF_BYTES = 2_000_000
_SHARE = 0.8  # of the memory that is free, where no limit is given


class MemoryLimitError(MemoryError):
    """What was asked for needs more memory than the limit.

    Attributes:
        needed_bytes: Predicted or measured bytes; None where it was killed above the limit.
        limit_bytes: The limit.
        largest_chunk: The largest chunk size that stays within it; None where none does.
    """

    def __init__(
        self, needed_bytes: int | None, limit_bytes: int, largest_chunk: int | None
    ) -> None:
        super().__init__(
            f"It took more than the memory limit of {format_bytes(limit_bytes)}, though it was"
            " predicted to take less, and was killed."
            if needed_bytes is None
            else refusal(needed_bytes, limit_bytes, largest_chunk)
        )
        self.needed_bytes = needed_bytes
        self.limit_bytes = limit_bytes
        self.largest_chunk = largest_chunk


def refusal(needed_bytes: int, limit_bytes: int, largest_chunk: int | None) -> str:
    """Return the sentence that goes with a refusal."""
    way_out = (
        "No chunk size fits."
        if largest_chunk is None
        else f"The largest chunk size that fits is {largest_chunk}."
    )
    return (
        f"It needs {format_bytes(needed_bytes)}, above the memory limit of"
        f" {format_bytes(limit_bytes)}. {way_out}"
    )


def excess(taken_bytes: int, limit_bytes: int) -> str:
    """Return the sentence for what was measured to take more than a limit.

    Empty where it did not, or by no more than a reading of resident memory is off by.
    """
    if taken_bytes <= limit_bytes + max(limit_bytes // 50, _OFF_BYTES):
        return ""
    taken, limit = format_bytes(taken_bytes), format_bytes(limit_bytes)
    return f"It took {taken}, above the memory limit of {limit}."


def read_bytes(limit: int | str) -> int:
    """Read a number of bytes, such as 2000000, "2MB" or "1.5 GiB".

    Raises:
        ValueError: It is not a positive number of bytes.

    >>> read_bytes("1.5 GB")
    1500000000
    """
    if isinstance(limit, str):
        match = _WRITTEN.match(limit)
        if match and match[2].upper() in _UNITS:
            limit = int(float(match[1]) * _UNITS[match[2].upper()])
    if isinstance(limit, bool) or not isinstance(limit, int) or limit <= 0:
        raise ValueError(
            f"`memory_limit` must be bytes, such as 2000000 or '2GB', but got {limit!r}."
        )
    return limit


def free_memory() -> int:
    """Return the bytes that a job may take where no limit is given: 80 % of what is free."""
    return int(_SHARE * psutil.virtual_memory().available)


def largest_chunk(predict: Callable[[int], int | None], most: int, limit_bytes: int) -> int | None:
    """Find the largest chunk size whose prediction stays within the limit.

    Predictions grow nearly in proportion to the chunk size, so false position and a look just
    beyond it need few of them; every third step halves, whatever they are.

    Args:
        predict: From a chunk size to predicted bytes; None where unknown.
        most: The largest chunk size that makes sense, the number of passes.
        limit_bytes: The limit.

    Returns:
        The largest that fits, to an eighth; None where not even 1 does, or nothing is known.
    """
    low, high = 1, most
    at_low, at_high = predict(low), predict(high)
    if at_low is None or at_high is None:
        return None
    if at_high <= limit_bytes:  # all at once may need less than a loop does
        return most
    if at_low > limit_bytes:
        return None
    turn, fitted = 0, True
    while high - low > max(1, low // 8):
        if turn % 3 == 0:
            middle = low + (limit_bytes - at_low) * (high - low) // max(at_high - at_low, 1)
        elif turn % 3 == 1:  # just beyond what was found, which mostly ends it
            middle = low + max(1, low // 8) if fitted else high - max(1, high // 10)
        else:
            middle = (low + high) // 2
        middle = min(max(middle, low + 1), high - 1)
        at_middle = predict(middle)
        fitted = at_middle is not None and at_middle <= limit_bytes
        if at_middle is not None and fitted:
            low, at_low = middle, at_middle
        else:
            high, at_high = middle, at_high if at_middle is None else at_middle
        turn += 1
    return low
