"""The command that starts a process in a sandbox of bubblewrap's, which Flatpak uses.

The process has namespaces of its own (users, processes, network, shared memory, host name), no
rights, an environment of its own, and a file system in which there is what Python needs, to be
read. All that can be written is a small folder in memory.

Root is no user to run such code as, in whatever namespace: the kernel does not count its
processes. So root first becomes nobody, in a view of the same files, as folders that lead to
them may be closed to others; and from there it is the same sandbox.

See https://github.com/containers/bubblewrap.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ._confines import Confines
from ._keyring import KNOWN

NAMESPACES = ("user", "pid", "net", "ipc", "uts", "mnt")
GUARDS = (
    *("--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-net", "--unshare-ipc"),
    *("--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session"),
    *("--cap-drop", "ALL", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox"),
)
BIND = "--ro-bind"
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
_OF_PYTHON = ("bin", "lib", "lib64", "pyvenv.cfg")
_PACKAGES = ("site-packages", "dist-packages")
_PACKAGE = Path(__file__).parents[1]
_NOBODY = "65534"
_OF_ROOT = ("CAP_SETUID", "CAP_SETGID")


def missing() -> str:
    """Return why there can be no sandbox here, as a sentence; empty where nothing is known."""
    if not sys.platform.startswith("linux"):
        return f"Sandboxes need Linux, and this is {sys.platform}."
    if not KNOWN:
        return f"Sandboxes are for x86_64 and aarch64, and this is {platform.machine()}."
    if shutil.which("bwrap") is None:
        return "Sandboxes need bubblewrap 0.8 or later: `apt install bubblewrap`."
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "To leave root, sandboxes need `setpriv`: `apt install util-linux`."
    return ""


def folders() -> list[str]:
    """Return what can be read in a sandbox: libraries, Python, its packages and this one."""
    paths = [Path(each) for each in _LIBRARIES]
    paths += [root / part for root in _roots() for part in _OF_PYTHON]
    paths += [Path(each) for each in _packages()]
    paths.append(_PACKAGE)
    there = sorted({path for path in paths if path.exists()})
    return [str(path) for path in there if not set(path.parents) & set(there)]


def environment() -> dict[str, str]:
    """Return the environment in a sandbox, of which only XLA's flags come from outside."""
    kept = {"XLA_FLAGS": os.environ["XLA_FLAGS"]} if "XLA_FLAGS" in os.environ else {}
    return {
        "HOME": "/tmp",
        "JAX_PLATFORMS": "cpu",
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(_PACKAGE.parent), *_packages()]),
        "TMPDIR": "/tmp",
        **kept,
    }


def command(confines: Confines, *arguments: str) -> list[str]:
    """Return the command that runs Python in a sandbox, with these arguments."""
    view = list(_view())
    inner = [
        *(_program("bwrap"), *GUARDS),
        *("--size", str(confines.scratch_bytes), "--tmpfs", "/tmp", *view),
        *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", "/tmp", "--clearenv"),
        *(part for name, value in environment().items() for part in ("--setenv", name, value)),
        *("--", sys.executable, "-P", *arguments),
    ]
    if os.geteuid() != 0:
        return inner
    kept = (part for right in _OF_ROOT for part in ("--cap-add", right))
    return [
        # without rights, only the end of a namespace of processes ends those of others
        *(_program("bwrap"), "--unshare-pid", "--die-with-parent", "--cap-drop", "ALL", *kept),
        *("--tmpfs", "/tmp", *view),
        *(BIND, "/usr", "/usr", "--bind", "/proc", "/proc", "--dev", "/dev", "--"),
        *(_program("setpriv"), "--reuid", _NOBODY, "--regid", _NOBODY, "--clear-groups"),
        *inner,
    ]


def _roots() -> list[Path]:
    """Where Python is, under all its names: a virtual environment refers to others by links."""
    roots = {Path(sys.prefix), Path(sys.base_prefix)}
    link = Path(sys.executable)
    while link.is_symlink():
        link = link.parent / link.readlink()
        roots.add(Path(os.path.normpath(link)).parent.parent)
    return sorted({each for root in roots for each in (root, root.resolve())})


def _packages() -> list[str]:
    return [entry for entry in sys.path if Path(entry).name in _PACKAGES]


def _view() -> Iterator[str]:
    """Make the folders that lead to what can be read, for anybody to pass, and show that."""
    made: set[Path] = set()
    for folder in folders():
        for parent in reversed(Path(folder).parents[:-1]):
            if parent not in made:
                made.add(parent)
                yield from ("--dir", str(parent))
        yield from (BIND, folder, folder)


def _program(name: str) -> str:
    return shutil.which(name) or name
