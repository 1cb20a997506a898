"""Jobs of people who are not trusted: each in a sandbox of its own, which has been tried before.

The sandbox is a boundary, as far as the kernel is: code in it has no files but those of Python to
read, no network, no other processes, no rights, and as much of the machine as `Confines` says. It
ends with the job, and nothing of it stays.
"""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ._bubble import NAMESPACES, environment
from ._cell import Cell
from ._confines import Confines
from ._keyring import session_keyring
from ._local import LocalRunner
from ._wire import pack, unpack

_LONGEST = 100_000
_STAYS = "What it starts may outlive it."


def sandbox_runner(confines: Confines | None = None) -> LocalRunner:
    """Return a runner that does each job in a sandbox of its own.

    Where there can be none, its jobs are refused. Ask `sandbox_faults` before.

    Args:
        confines: What a job may take; the usual where None.
    """
    return LocalRunner(confines=confines or Confines())


def sandbox_faults(confines: Confines | None = None) -> list[str]:
    """Try to get out of a sandbox, from inside one, and out of what it may take.

    Takes about two seconds. What is tried: to read private files of this user, and the server's
    environment; to write anywhere but to its own folder for temporary files, and more than fits
    there; to reach a port and a socket of this machine; to see, signal and trace its processes; to
    gain rights, mount, and make namespaces; to take more memory and processes than it may; to
    find inherited files; and to leave a process behind.

    Args:
        confines: What a job may take; the usual where None.

    Returns:
        A sentence for each way that is open, or the one that says why there can be no sandbox.
        Code of others may be run only where there is none.
    """
    confines = confines or Confines()
    with ExitStack() as outside:
        files = [outside.enter_context(_private(folder)) for folder in _own_folders()]
        port, name = outside.enter_context(_listening())
        try:
            cell = Cell(confines)
            cell.wait()
        except OSError as error:
            return [str(error)]
        tried = ("memory_bytes", "scratch_bytes", "file_bytes", "processes")
        trial = {
            "secrets": files,
            "port": port,
            "name": name,
            "pid": os.getpid(),
            "namespaces": [str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in NAMESPACES],
            "keyring": session_keyring(),
            "environment": [*environment(), "PWD"],
            **{name: getattr(confines, name) for name in tried},
        }
        try:
            cell.send(pack({"trial": trial}))
            said = unpack(cell.receive(_LONGEST))["ways_out"]
        except (EOFError, OSError, ValueError) as error:
            cell.end()
            return [f"The sandbox could not be tried: {error or 'it ended without an answer'}."]
        return [*map(str, said), *([] if cell.end() else [_STAYS])]


def _own_folders() -> list[Path]:
    """Folders in which a file of this user's is private: those where one can be made."""
    places = {Path(tempfile.gettempdir())}
    with suppress(RuntimeError):  # no home
        places.add(Path.home())
    return sorted(each for each in places if os.access(each, os.W_OK))


@contextmanager
def _private(folder: Path) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".jacoscope-private-") as file:
        file.write(secrets.token_bytes(16))
        file.flush()
        yield file.name


@contextmanager
def _listening() -> Iterator[tuple[int, bytes]]:
    """Listen on a port of the loopback interface, and on an abstract socket."""
    name = b"\0jacoscope-" + secrets.token_hex(8).encode()
    with socket.socket() as here, socket.socket(socket.AF_UNIX) as there:
        here.bind(("127.0.0.1", 0))
        here.listen()
        there.bind(name)
        there.listen()
        yield here.getsockname()[1], name
