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
_LONGEST = 2**31
_KINDS = "biuf"
_DTYPE = re.compile(rf"[<>|][{_KINDS}]\d{{1,2}}")
_DEEPEST = 100


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
            return {str(key): encode(each) for key, each in item.items()}
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
    if len(message) < _LENGTH.size:
        raise ValueError("The message is cut short.")
    (length,) = _LENGTH.unpack_from(message)
    place = _LENGTH.size + length
    try:
        head = json.loads(message[_LENGTH.size : place])
    except RecursionError:
        raise ValueError("The message is too deep.") from None
    left = most

    def take(count: int) -> bytes:
        nonlocal place
        if count < 0 or place + count > len(message):
            raise ValueError("The message is cut short.")
        place += count
        return message[place - count : place]

    def decode(item: Any, depth: int = 0) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError(f"The message has more than {most} values.")
        if depth > _DEEPEST:
            raise ValueError("The message is too deep.")
        if isinstance(item, list):
            return [decode(each, depth + 1) for each in item]
        if not isinstance(item, dict):
            return item
        if "$bytes" in item:
            return take(item["$bytes"])
        if "$array" in item:
            name = item["$array"]
            if not isinstance(name, str) or not _DTYPE.fullmatch(name):
                raise ValueError(f"An array of {str(name)[:40]} is not plain data.")
            dtype = np.dtype(name)
            count = math.prod(item["shape"]) * dtype.itemsize
            return np.frombuffer(take(count), dtype).reshape(item["shape"])
        return {key: decode(each, depth + 1) for key, each in item.items()}

    try:
        return decode(head)
    except (TypeError, KeyError, OverflowError) as error:  # as of a shape that is none
        raise ValueError(f"The message is not of this form: {error}.") from error


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
    if length > _LONGEST:
        raise ValueError(f"A message of {length} bytes is too long.")
    message = stream.read(length)
    if len(message) < length:
        raise ValueError("The message is cut short.")
    return message
