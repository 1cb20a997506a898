"""A bounded memory of results, shared by all visits and keyed by plain text.

Never `pn.cache`, which keys arrays and callables by `id()`: an address that is used again gives
another object's result.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any


def plain_key(*parts: object) -> str:
    """Return a text that is equal for equal plain values, and short for long ones.

    Args:
        *parts: Mappings, sequences, numbers, strings, bytes, None.

    Raises:
        TypeError: A part is not plain, so that no honest key exists.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_bytes_only)
    return text if len(text) <= 400 else hashlib.sha256(text.encode()).hexdigest()


def _bytes_only(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, Mapping):
        raise TypeError("a mapping that is not a dict has no plain key")
    raise TypeError(f"`{type(value).__name__}` has no plain key.")


class Cache:
    """The results used last, up to a number of them."""

    def __init__(self, size: int) -> None:
        """Start empty, with room for `size` results."""
        self._size = size
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Any | None:
        """Return what was kept under `key`, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, value: Any) -> None:
        """Keep `value`; what was used longest ago makes room."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def __len__(self) -> int:
        """Return how many results are kept."""
        return len(self._kept)
