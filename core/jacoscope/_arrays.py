"""Reads files of NumPy's, `.npz` and `.npy`, that may be anyone's.

Nothing in them is unpickled, nothing is written, and no more is read than fits: what a file says of
itself, of its parts and of their shapes, is checked before any memory is taken.
"""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from typing import IO, BinaryIO

import numpy as np
from numpy.lib import format as npy

from ._failure import PlainError
from ._units import format_bytes

_ZIP = (b"PK\3\4", b"PK\5\6")  # a zip file's first bytes, and those of an empty one
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # that `np.savez` writes
_MOST_ARRAYS = 10_000
_LONGEST_NAME = 40
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
# What zipfile, zlib and NumPy's reader of headers run into where a file is broken.
_BROKEN = (
    *(AttributeError, EOFError, LookupError, MemoryError, OverflowError, RuntimeError),
    *(SyntaxError, TypeError, ValueError),
    *(struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
_NO_FILE = "The file is no `.npz` or `.npy` file that can be read whole."
_OBJECTS = (
    "The file holds Python objects, which can run code and are never read. Save plain arrays with"
    " `np.savez(path, x=x)`."
)


def read_arrays(stream: BinaryIO, most_bytes: int) -> dict[str, np.ndarray]:
    """Read the arrays of a file by their names; the one of an `.npy` file is called `x`.

    Args:
        stream: The file, open to be read from any place in it.
        most_bytes: What all arrays together may take.

    Raises:
        PlainError: It is no such file, is broken, or holds none or too much or something else.
        OSError: It can't be read from.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    start = stream.read(4)
    stream.seek(0)
    try:
        if start not in _ZIP:
            return {"x": _array(stream, "x", size, most_bytes)}
        with zipfile.ZipFile(stream) as file:
            return _arrays(file, most_bytes)
    except PlainError:
        raise
    except _BROKEN as error:
        raise PlainError(_NO_FILE) from error


def _arrays(file: zipfile.ZipFile, most_bytes: int) -> dict[str, np.ndarray]:
    parts = file.infolist()
    if not parts:
        raise PlainError("The file holds no array. Save some with `np.savez(path, x=x)`.")
    if len(parts) > _MOST_ARRAYS:
        raise PlainError(f"The file holds {len(parts):,} arrays, and at most 10,000 are taken.")
    _refuse_large(sum(part.file_size for part in parts), most_bytes)
    arrays: dict[str, np.ndarray] = {}
    for part in parts:
        if part.compress_type not in _METHODS:
            raise PlainError(_NO_FILE)
        name = part.filename.removesuffix(".npy")
        with file.open(part) as stream:
            arrays[name] = _array(stream, name, part.file_size, most_bytes)
            if stream.read(1):  # which also checks the sum of what was read
                raise PlainError(_NO_FILE)
    return arrays


def _array(stream: IO[bytes], name: str, size: int, most_bytes: int) -> np.ndarray:
    """Read one array of a part of a file that has so many bytes."""
    version = npy.read_magic(stream)
    if version not in _READERS:  # the third is for names of fields, which no number has
        raise PlainError(_NO_FILE)
    shape, by_columns, dtype = _READERS[version](stream)
    if dtype.hasobject:
        raise PlainError(_OBJECTS)
    if dtype.kind not in "biufc":
        said = f"`{name[:_LONGEST_NAME]}` in the file holds {str(dtype)[:_LONGEST_NAME]}"
        raise PlainError(f"{said}, where numbers are needed. Save them as float32.")
    count = math.prod(shape)
    _refuse_large(count * dtype.itemsize, most_bytes)
    if min(shape, default=0) < 0 or count * dtype.itemsize > size:
        raise PlainError(_NO_FILE)
    content = stream.read(count * dtype.itemsize)
    return np.frombuffer(content, dtype, count).reshape(shape, order="F" if by_columns else "C")


def _refuse_large(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        taken, most = format_bytes(size), format_bytes(most_bytes)
        raise PlainError(f"The file's arrays would take {taken}, and at most {most} is taken.")
