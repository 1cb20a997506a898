"""Where what is worth keeping between runs lies on disk."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

_VARIABLE = "JACOSCOPE_CACHE"


def cache_folder() -> Path | None:
    """Return the folder for what is kept; None where this user has none that can be written.

    The environment variable JACOSCOPE_CACHE names another one; empty, it turns keeping off.
    """
    named = os.environ.get(_VARIABLE)
    if named == "":
        return None
    try:
        folder = Path(named) if named else _users_folder() / "jacoscope"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # not writable; or this user has no home
        return None
    return folder if os.access(folder, os.W_OK) else None


def kept(kind: str, key: str) -> str | None:
    """Return the text that is kept under a key; None where there is none that can be read.

    Args:
        kind: What sort of thing it is, a folder of its own.
        key: A name that a file can have.
    """
    path = _path(kind, key)
    try:
        return None if path is None else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def keep(kind: str, key: str, text: str) -> None:
    """Keep a text under a key; where the folder can't be written nothing is kept.

    The file is put in place whole, so that processes may share the folder: each reads what some
    process wrote, never half of it.

    Args:
        kind: What sort of thing it is, a folder of its own.
        key: A name that a file can have.
        text: What to keep.
    """
    path = _path(kind, key)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False
        ) as stream:
            stream.write(text)
        Path(stream.name).replace(path)
    except OSError:
        return  # a full or a read-only disk: it is found out anew next time


def _path(kind: str, key: str) -> Path | None:
    folder = cache_folder()
    return None if folder is None else folder / kind / f"{key}.json"


def _users_folder() -> Path:
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
