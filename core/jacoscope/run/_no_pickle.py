"""A process that reads no pickle: one that could run code of the sender's choosing, that is.

A pickle runs code by naming it. Python raises an audit event for each name that an unpickler looks
up, whoever called it, in C or in Python; a hook that raises there can't be taken out again.
"""

from __future__ import annotations

import pickletools
import sys
from typing import Any

_EVENT = "pickle.find_class"
_HARMLESS = ("builtins", "bytes")  # what Dask wraps an error of a task in: it makes bytes, no more
_MOST = 12  # strings of a pickle


class PickleRefusedError(TypeError):
    """A pickle named a class or a function, and was not read."""


def refuse_pickles() -> None:
    """Have this process refuse, from here on, each pickle that names a class or a function."""
    sys.addaudithook(_refuse)


def strings_of(pickled: bytes) -> list[str]:
    """List the first strings of a pickle, without unpickling it; what is read before it breaks off.

    >>> import pickle
    >>> strings_of(pickle.dumps([print, "no"]))
    ['builtins', 'print', 'no']
    """
    found: list[str] = []
    try:
        for _, argument, _ in pickletools.genops(pickled):
            if isinstance(argument, str) and len(found) < _MOST:
                found.append(argument)
    except Exception:  # noqa: BLE001 (a spoilt pickle raises anything)
        pass
    return found


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == _EVENT and arguments != _HARMLESS:
        module, name = arguments
        raise PickleRefusedError(f"A pickle names {module}.{name}, and is not read here.")
