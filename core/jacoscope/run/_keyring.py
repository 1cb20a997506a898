"""The kernel's keyring of a session, which a process has from whoever started it, and keys in it.

No namespace comes between: see `man 7 session-keyring`. Python has no call for it.
"""

from __future__ import annotations

import ctypes
import platform

_CALL = {"x86_64": 250, "aarch64": 219}.get(platform.machine())
_WHICH, _JOIN, _SESSION = 0, 1, -3
KNOWN = _CALL is not None  # on this kind of machine


def session_keyring() -> int:
    """Return the number of the keyring that this process has; less than 0 where it has none."""
    return _keyctl(_WHICH, ctypes.c_long(_SESSION), ctypes.c_long(0))


def leave_keyring() -> None:
    """Have a new one, which is empty."""
    _keyctl(_JOIN, None)


def _keyctl(what: int, *arguments: object) -> int:
    assert _CALL is not None
    libc = ctypes.CDLL(None)
    return libc.syscall(ctypes.c_long(_CALL), ctypes.c_long(what), *arguments)
