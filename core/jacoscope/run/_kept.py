"""The function whose products were asked for last, kept with the programs compiled for it.

Who drags a vector asks for one product after the other, of one function: this way only the first
of them is compiled. One function is kept, and with it its point and what it closes over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from .._products_at import ProductsAt
from ._target import opened, settings

_last: tuple[Mapping[str, Any], str | None, ProductsAt] | None = None


@contextlib.contextmanager
def products_at(target: Mapping[str, Any], device: str | None) -> Iterator[ProductsAt]:
    """Give the products of a target's function at its point, under the settings it came with.

    Raises:
        TypeError: The function or its point can't be differentiated.
        ValueError: There is no such target or device.
    """
    global _last
    with settings(target):
        if _last is None or _last[1] != device or not _same(_last[0], target):
            _last = None  # before another takes memory
            with opened(target) as found:
                _last = target, device, ProductsAt(found.f, found.x, device)
        yield _last[2]


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if "direct" in (one["kind"], other["kind"]):  # its arrays are not to be compared
        return one.get("opened") is other.get("opened")
    return one == other
