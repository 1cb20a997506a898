"""Plain data on a wire: JSON, with arrays and bytes as raw buffers behind it.

Nothing is pickled, so whoever reads a message builds numbers and strings and runs no code of the
sender's choosing.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any, BinaryIO

import numpy as np

_LENGTH = struct.Struct(">Q")
_LONGEST = 2**31
_KINDS = "biuf"


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


def unpack(message: bytes) -> Any:
    """Decode what `pack` encoded.

    Raises:
        ValueError: The message is cut short or not of this form.
    """
    if len(message) < _LENGTH.size:
        raise ValueError("The message is cut short.")
    (length,) = _LENGTH.unpack_from(message)
    place = _LENGTH.size + length
    head = json.loads(message[_LENGTH.size : place])

    def take(count: int) -> bytes:
        nonlocal place
        if count < 0 or place + count > len(message):
            raise ValueError("The message is cut short.")
        place += count
        return message[place - count : place]

    def decode(item: Any) -> Any:
        if isinstance(item, list):
            return [decode(each) for each in item]
        if not isinstance(item, dict):
            return item
        if "$bytes" in item:
            return take(item["$bytes"])
        if "$array" in item:
            dtype = np.dtype(item["$array"])
            if dtype.kind not in _KINDS:
                raise ValueError(f"An array of {dtype} is not plain data.")
            count = math.prod(item["shape"]) * dtype.itemsize
            return np.frombuffer(take(count), dtype).reshape(item["shape"])
        return {key: decode(each) for key, each in item.items()}

    return decode(head)


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
