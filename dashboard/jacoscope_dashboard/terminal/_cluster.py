"""`cluster`, a Dask cluster on this machine; and `--scheduler`, one that is somewhere."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._errors import CommandLineError

if TYPE_CHECKING:
    from jacoscope.run import DaskRunner

_STATION = "jacoscope.run._station"
_TICK_S = 0.5  # between two looks at whether it is to end
_THREADS = 4  # of a worker: one for each lane, and one to spare
_NOT_INSTALLED = "This takes the package distributed: pip install 'jacoscope[cluster]'."
_PARTS = ("tls_ca", "tls_cert", "tls_key")
_OPEN = """  Whoever reaches that port, other users of this machine included, can run code as you.
    Certificates keep them out: `--tls-ca`, `--tls-cert` and `--tls-key` (docs/cluster.md).
"""


def cluster_of(given: argparse.Namespace) -> DaskRunner | None:
    """Return the cluster that a command line names; None where it names none.

    Raises:
        CommandLineError: It can't be one, or the files of its connection can't be read.
    """
    security = _certificates(given)
    address = getattr(given, "scheduler", None)
    if address is None:
        if security is not None:
            raise CommandLineError("`--tls-ca` and the like go with `--scheduler`.")
        return None
    from jacoscope.run import dask_runner

    if security is not None:
        ca, cert, key = security
        names = {"tls_ca_file": ca, "tls_client_cert": cert, "tls_client_key": key}
        security = {**names, "require_encryption": True}
    try:
        return dask_runner(address, security)
    except ValueError as error:
        raise CommandLineError(f"`--scheduler` can't be taken. {error}") from error


def serve_cluster(given: argparse.Namespace) -> int:
    """Start a cluster, and keep it until interrupted; return the exit code."""
    try:
        security = _certificates(given)
    except CommandLineError as error:
        return _refused(str(error))
    if importlib.util.find_spec("distributed") is None:
        return _refused(_NOT_INSTALLED)
    from distributed import LocalCluster, Security

    wait = _until_interrupted()
    hidden = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # what it has over HTTP
    options: dict[str, Any] = {"dashboard_address": None, "scheduler_kwargs": hidden}
    if security is not None:
        ca, cert, key = security
        roles = ("scheduler", "worker", "client")
        certified = {f"tls_{role}_cert": cert for role in roles}
        certified |= {f"tls_{role}_key": key for role in roles}
        options["security"] = Security(require_encryption=True, tls_ca_file=ca, **certified)
    if given.memory_limit is not None:
        options["memory_limit"] = given.memory_limit
    try:
        cluster = LocalCluster(
            n_workers=given.workers,
            threads_per_worker=_THREADS,
            host=given.address,
            scheduler_port=given.port,
            silence_logs=logging.CRITICAL,
            resources={"timing": 1},
            preload=_STATION,
            **options,
        )
    except (OSError, RuntimeError) as error:
        cause = error.__cause__ or error
        return _refused(f"No cluster could be started at {given.address}:{given.port}: {cause}.", 1)
    with cluster:
        sys.stdout.write(_announcement(given, str(cluster.scheduler_address), security))
        sys.stdout.flush()
        wait()
        sys.stderr.write("The cluster ends.\n")
    return 0


def _until_interrupted() -> Callable[[], None]:
    """Return what waits for Ctrl-C, or to be terminated.

    A terminal sends Ctrl-C to the workers, too. Where the system can wait for a signal they are
    started to ignore it, and end with the cluster; elsewhere they end with a traceback.
    """
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    if not hasattr(signal, "sigtimedwait"):
        signal.signal(signal.SIGINT, lambda *_: ended.set())
        return lambda: _wait(ended)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def wait() -> None:
        while not ended.is_set() and signal.sigtimedwait({signal.SIGINT}, _TICK_S) is None:
            pass

    return wait


def _wait(ended: threading.Event) -> None:
    while not ended.wait(_TICK_S):
        pass


def _announcement(
    given: argparse.Namespace, address: str, security: tuple[str, str, str] | None
) -> str:
    many = f"{given.workers} worker{'' if given.workers == 1 else 's'}"
    files = "" if security is None else " --tls-ca {} --tls-cert {} --tls-key {}".format(*security)
    lines = [
        f"A cluster of {many} is at {address}\n",
        f"  On a page: jacoscope serve --scheduler {address}{files}\n",
        f'  In Python: jacoscope.compare(f, x, runner="{address}")\n',
        *([_OPEN] if security is None else []),
        "Ctrl-C ends it.\n",
    ]
    return "".join(lines)


def _certificates(given: argparse.Namespace) -> tuple[str, str, str] | None:
    """Return the files of authority, certificate and key; None where none is given.

    Raises:
        CommandLineError: One of them is missing.
    """
    files = {name: str(getattr(given, name, None) or "") for name in _PARTS}
    if not any(files.values()):
        return None
    for name, path in files.items():
        option = f"--{name.replace('_', '-')}"
        if not path:
            raise CommandLineError(f"`{option}` is missing: all three files are needed.")
        if not Path(path).is_file():
            raise CommandLineError(f"`{option}` must be a file that can be read, but got {path!r}.")
    ca, cert, key = (str(Path(path).absolute()) for path in files.values())
    return ca, cert, key


def _refused(why: str, code: int = 2) -> int:
    sys.stderr.write(f"jacoscope cluster: error: {why}\n")
    return code
