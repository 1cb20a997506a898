"""Large functions on their way to the workers: written to a file once, not sent with every job.

A function that closes over 200 MB of arrays took 0.6 s of its caller's thread for each job, and
copies in the launcher besides. The folder is private to the user, and the launcher removes it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

_LARGE_BYTES = 1_000_000
_KEPT = 3  # files of functions that no job runs just now, the one to be sent among them


class Spool:
    """The files of one launcher.

    Attributes:
        folder: Where they are; None where no folder can be made.
    """

    folder: Path | None

    def __init__(self) -> None:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="jacoscope-functions-"))
        except OSError:
            self.folder = None
        # by identity of the content, which is held here and so stays the same object
        self._files: dict[int, tuple[bytes, Path]] = {}
        self._written = 0

    def lighten(self, target: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the target with the path of a file in place of its content, where that is large.

        Where nothing can be written, the target is returned as it is.
        """
        content = target.get("content")
        if not isinstance(content, bytes) or len(content) < _LARGE_BYTES or self.folder is None:
            return target
        found = self._files.pop(id(content), None)
        if found is None:
            path = self.folder / str(self._written)
            try:
                path.write_bytes(content)
            except OSError:
                path.unlink(missing_ok=True)
                return target
            self._written += 1
            found = content, path
        self._files[id(content)] = found  # the last used comes last
        rest = {name: value for name, value in target.items() if name != "content"}
        return {**rest, "path": str(found[1])}

    def trim(self, used: Collection[str]) -> None:
        """Remove all but the last few files, and those that are in use."""
        idle = [key for key, (_, path) in self._files.items() if str(path) not in used]
        for key in idle[:-_KEPT]:
            _, path = self._files.pop(key)
            with contextlib.suppress(OSError):
                path.unlink()


def remove(folder: str | Path | None) -> None:
    """Remove the folder of a spool, if it is there."""
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
