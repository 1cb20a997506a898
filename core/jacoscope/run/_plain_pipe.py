"""The pipe on which a pool hears from its workers, without the code that a pickle may carry.

pebble pickles what a worker says of itself: that it has begun, that it has ended. Whoever unpickles
that runs whatever the worker likes, and a worker runs anyone's function. The results go another
way, as plain data; here no more than pebble's own records and Python's own exceptions are made.
"""

from __future__ import annotations

import builtins
import dataclasses
import enum
import io
import pickle
from multiprocessing.connection import Connection
from typing import Any

from ._wire import LONGEST

_FAILED = "RemoteException.rebuild_exception"  # pebble's function around an exception


class PlainContext:
    """A context of multiprocessing whose pipes are read as above."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def Pipe(self, duplex: bool = True) -> tuple[PlainReader, Connection]:  # noqa: N802 (its name)
        """Return the two ends of a pipe, the first to read from."""
        reader, writer = self._context.Pipe(duplex)
        return PlainReader(reader), writer


class PlainReader:
    """The end of a pipe to read from; in another process it is the connection itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __reduce__(self) -> Any:
        return _itself, (self._connection,)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def recv(self) -> Any:
        """Wait for the next record.

        Raises:
            OSError: It is of another kind, or can't be read: pebble then gives the pool up.
            EOFError: The other end is closed.
        """
        record = self._connection.recv_bytes(LONGEST)
        try:
            return _Unpickler(io.BytesIO(record)).load()
        except Exception as error:  # a spoilt pickle raises anything
            raise OSError(f"A worker sent what can't be read: {error}") from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if module == "builtins":
            found = vars(builtins).get(name)
            if isinstance(found, type) and issubclass(found, BaseException):
                return found
        elif module.startswith("pebble."):
            found = super().find_class(module, name)
            if name == _FAILED or (isinstance(found, type) and _is_record(found)):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no record of a pool.")


def _is_record(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum)


def _itself(connection: Connection) -> Connection:
    return connection
