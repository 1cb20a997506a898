"""Tried from inside a sandbox: to get out of it, as code in it could.

Each attempt does what it can and says in a sentence what it has got, which should be nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ._bubble import NAMESPACES
from ._keyring import session_keyring

_NEW_USER, _ATTACH = 0x10000000, 16
_SHARE_OF_SCRATCH = 1.1
_SCRATCH = Path("/tmp")
_OF_ITS_OWN = (_SCRATCH, Path("/proc"), Path("/dev/pts"))
STAY_S = 10.0  # how long what is to be ended stays, should it not be


def ways_out(
    *,
    end: int,
    secrets: list[str],
    port: int,
    name: bytes,
    pid: int,
    namespaces: list[str],
    keyring: int,
    environment: list[str],
    memory_bytes: int,
    scratch_bytes: int,
    file_bytes: int,
    processes: int,
) -> list[str]:
    """Try to get out, and leave a process behind that holds the line home.

    Args:
        end: File descriptor of the line home.
        secrets: Files that are not to be read.
        port: Of the loopback interface, on which somebody listens outside.
        name: Of an abstract socket, on which somebody does too.
        pid: Of the server.
        namespaces: The server's, in the order of `NAMESPACES`.
        keyring: The server's; less than 0 where it has none.
        environment: The variables that there may be.
        memory_bytes: How much memory there may be.
        scratch_bytes: How much may be written.
        file_bytes: How much into one file.
        processes: How many may be started.

    Returns:
        A sentence for each way that is open.
    """
    tried: list[Iterator[str]] = [
        _shares(namespaces, keyring),
        _reads(secrets),
        _writes(),
        _fills(scratch_bytes, file_bytes),
        _connects(port, name),
        _sees(pid, environment),
        _inherits(end),
        _gains(pid),
        _takes(memory_bytes),
        _multiplies(processes),
    ]
    found = [sentence for each in tried for sentence in each]
    _stay()
    return found


def _shares(namespaces: list[str], keyring: int) -> Iterator[str]:
    for kind, outside in zip(NAMESPACES, namespaces, strict=True):
        if _link(f"/proc/self/ns/{kind}") == outside:
            yield f"It shares the server's namespace `{kind}`."
    if session_keyring() == keyring >= 0:
        yield "It shares the server's keyring."


def _reads(secrets: list[str]) -> Iterator[str]:
    for path in secrets:
        with contextlib.suppress(OSError):
            Path(path).lstat()
            yield f"It sees a private file, {path}."
            Path(path).read_bytes()
            yield f"It can read it, {path}."


def _writes() -> Iterator[str]:
    """Write to each folder that something is mounted on, and to those in it; and to settings."""
    mounts = [line.split()[4:6] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for place, options in mounts:
        folder = Path(place)
        if folder in _OF_ITS_OWN or not folder.is_dir():
            continue
        tried = [folder, *(each for each in _entries(folder) if each.is_dir())]
        if "rw" in options.split(",") or any(_can_write(each) for each in tried):
            yield f"It can write to {folder}."
    for setting in ("sys/kernel/core_pattern", "sys/kernel/hostname", "sysrq-trigger"):
        with contextlib.suppress(OSError), Path("/proc", setting).open("r+b"):
            yield f"It can write to /proc/{setting}."


def _entries(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each not in _OF_ITS_OWN]
    except OSError:
        return []


def _can_write(folder: Path) -> bool:
    new = folder / "written-by-a-trial"
    try:
        new.touch()
        new.unlink()
    except OSError:
        return False
    return True


def _fills(scratch_bytes: int, file_bytes: int) -> Iterator[str]:
    """Write more than there is room for, to one file and to many."""
    written = 0
    block = bytes(min(file_bytes, 1 << 24))
    made: list[Path] = []
    with contextlib.suppress(OSError):
        made.append(_SCRATCH / "large")
        with made[0].open("wb") as file:
            file.truncate(file_bytes + 1)
            yield "It can write a file above its limit."
    with contextlib.suppress(OSError):
        while written <= scratch_bytes * _SHARE_OF_SCRATCH:
            made.append(_SCRATCH / str(written))
            written += made[-1].write_bytes(block)
        yield "It can write more than its room for files."
    for path in made:
        path.unlink(missing_ok=True)


def _connects(port: int, name: bytes) -> Iterator[str]:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        yield "It can connect to a port of this machine."
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(name)
        yield "It can connect to an abstract socket of this machine."
    if [each for _, each in socket.if_nameindex() if each != "lo"]:
        yield "It has a network interface."


def _sees(pid: int, environment: list[str]) -> Iterator[str]:
    there = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]
    if len(there) > 2:  # the first, which ends all others with itself, and this one
        yield f"It sees {len(there)} processes."
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        if pid not in (1, os.getpid()):
            yield "It can signal the server."
    for each in there:
        with contextlib.suppress(OSError):
            held = Path(f"/proc/{each}/environ").read_bytes().split(b"\0")
            names = {variable.split(b"=")[0].decode() for variable in held if variable}
            if more := sorted(names - set(environment)):
                yield f"It sees variables of the server's environment: {', '.join(more)[:200]}."


def _inherits(end: int) -> Iterator[str]:
    for each in sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError):
            what = _link(f"/proc/self/fd/{each}")
            if each != end and not what.startswith(("/dev/null", "/proc/", "anon_inode:")):
                yield f"It has inherited the file descriptor {each}, {what}."


def _gains(pid: int) -> Iterator[str]:
    """Have rights, or get some: each attempt in a process of its own, which it could change."""
    status = Path("/proc/self/status").read_text()
    held = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        if int(held[kind], 16):
            yield f"It has capabilities ({kind} {held[kind]})."
    if held["NoNewPrivs"] != "1":
        yield "It can gain rights from programs that it starts."
    libc = ctypes.CDLL(None, use_errno=True)
    attempts: dict[str, Callable[[], int]] = {
        "make a user namespace": lambda: libc.unshare(_NEW_USER),
        "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
        "become root": lambda: libc.setuid(0),
        "leave its folders": lambda: libc.chroot(b"/tmp"),
        "trace the server": lambda: -1 if pid <= 2 else libc.ptrace(_ATTACH, pid, None, None),
    }
    for what, attempt in attempts.items():
        if _child(attempt) == 0:
            yield f"It can {what}."


def _takes(memory_bytes: int) -> Iterator[str]:
    with contextlib.suppress(OSError, ValueError, OverflowError):
        mmap.mmap(-1, 4 * memory_bytes + (1 << 34)).close()
        yield "It can take more memory than its limit."
    for kind in ("RLIMIT_AS", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
        limit = getattr(resource, kind)
        hard = resource.getrlimit(limit)[1]
        if hard == resource.RLIM_INFINITY:
            yield f"It has no {kind}."
            continue
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (hard, hard + 1))
            yield f"It can raise its {kind}."


def _multiplies(processes: int) -> Iterator[str]:
    started: list[int] = []
    with contextlib.suppress(OSError):
        while len(started) <= processes:
            started.append(_forked(lambda: time.sleep(STAY_S)))
        yield f"It can start more than {processes} processes."
    for each in started:
        os.kill(each, signal.SIGKILL)
        os.waitpid(each, 0)


def _stay() -> None:
    """Leave a process of a session of its own, whose parent is gone; it holds the line."""

    def leave() -> None:
        os.setsid()
        _forked(lambda: time.sleep(STAY_S))

    os.waitpid(_forked(leave), 0)


def _link(path: str) -> str:
    return str(Path(path).readlink())


def _child(attempt: Callable[[], int]) -> int:
    """Return how a child ends that exits with 0 where the attempt returns 0."""
    _, status = os.waitpid(_forked(lambda: os._exit(0 if attempt() == 0 else 1)), 0)
    return os.waitstatus_to_exitcode(status)


def _forked(do: Callable[[], object]) -> int:
    """Fork; the child does something and ends."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            do()
        os._exit(1)
    return pid
