"""Where what is worth keeping between runs lies on disk."""

from __future__ import annotations

import os
import sys
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


def _users_folder() -> Path:
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
