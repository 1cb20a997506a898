"""Plain data on a wire: JSON, with arrays and bytes as raw buffers behind it.

Nothing is pickled, so whoever reads a message builds numbers and strings and runs no code of the
sender's choosing.
"""

from __future__ import annotations

import json
import math
import re
import struct
from typing import Any, BinaryIO

import numpy as np

_LENGTH = struct.Struct(">Q")
LONGEST = 2**31  # bytes of a message
# What a reader runs into where a message holds something else than it should.
NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_KINDS = "biuf"
_DTYPE = re.compile(rf"[<>|][{_KINDS}]\d{{1,2}}")  # how NumPy writes one of them
_DEEPEST = 100
_MARK = "$"  # before the names that stand for bytes and arrays; a name of its own gets another
_CUT = "The message is cut short."
_TOO_DEEP = "The message is too deep."
_NO_FORM = "The message is not of this form."


class _SpoiltError(ValueError):
    """What says in a sentence why a message can't be read."""


def pack(value: Any) -> bytes:
    """Encode None, booleans, numbers, strings, lists, dicts, bytes and arrays.

    Raises:
        TypeError: Something else is in it.
    """
    buffers: list[bytes] = []

    def encode(item: Any) -> Any:
        if isinstance(item, bytes):
            buffers.append(item)
            return {"$bytes": len(item)}
        if isinstance(item, np.ndarray):
            if item.dtype.kind not in _KINDS:
                raise TypeError(f"An array of {item.dtype} can't be sent.")
            buffers.append(np.ascontiguousarray(item).tobytes())
            return {"$array": item.dtype.str, "shape": list(item.shape)}
        if isinstance(item, np.generic):
            return item.item()
        if isinstance(item, dict):
            return {_marked(str(key)): encode(each) for key, each in item.items()}
        if isinstance(item, list | tuple):
            return [encode(each) for each in item]
        if item is None or isinstance(item, bool | int | float | str):
            return item
        raise TypeError(f"A {type(item).__name__} can't be sent as plain data.")

    head = json.dumps(encode(value)).encode()
    return b"".join([_LENGTH.pack(len(head)), head, *buffers])


def unpack(message: bytes, most: float = math.inf) -> Any:
    """Decode what `pack` encoded.

    Args:
        message: The bytes.
        most: How many values may be in it, lists and dicts counted too.

    Raises:
        ValueError: The message is cut short, not of this form, too deep, or has too many values.
    """
    try:
        return _unpacked(message, most)
    except _SpoiltError:
        raise
    except (*NONSENSE, MemoryError) as error:
        raise _SpoiltError(_NO_FORM) from error


def _unpacked(message: bytes, most: float) -> Any:
    if len(message) < _LENGTH.size:
        raise _SpoiltError(_CUT)
    (length,) = _LENGTH.unpack_from(message)
    place = _LENGTH.size + length
    try:
        head = json.loads(message[_LENGTH.size : place])
    except RecursionError:
        raise _SpoiltError(_TOO_DEEP) from None
    left = most

    def take(count: int) -> bytes:
        nonlocal place
        if count < 0 or place + count > len(message):
            raise _SpoiltError(_CUT)
        place += count
        return message[place - count : place]

    def decode(item: Any, depth: int = 0) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise _SpoiltError(f"The message has more than {most} values.")
        if depth > _DEEPEST:
            raise _SpoiltError(_TOO_DEEP)
        if isinstance(item, list):
            return [decode(each, depth + 1) for each in item]
        if not isinstance(item, dict):
            return item
        if "$bytes" in item:
            return take(item["$bytes"])
        if "$array" in item:
            return array(str(item["$array"]), item["shape"])
        return {key.removeprefix(_MARK): decode(each, depth + 1) for key, each in item.items()}

    def array(name: str, shape: list[int]) -> np.ndarray:
        if not _DTYPE.fullmatch(name):
            raise _SpoiltError(f"An array of {name[:40]} is not plain data.")
        dtype = np.dtype(name)
        return np.frombuffer(take(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)

    value = decode(head)
    if place != len(message):
        raise _SpoiltError(_NO_FORM)
    return value


def _marked(name: str) -> str:
    return _MARK + name if name.startswith(_MARK) else name


def write_frame(stream: BinaryIO, message: bytes) -> None:
    """Write a message with its length before it."""
    stream.write(_LENGTH.pack(len(message)) + message)
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read one message; None at the end of the stream.

    Raises:
        ValueError: The length is absurd or the message is cut short.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LONGEST:
        raise _SpoiltError(f"A message of {length} bytes is too long.")
    message = stream.read(length)
    if len(message) < length:
        raise _SpoiltError(_CUT)
    return message
