"""Jobs on a Dask cluster, through a connector: the same jobs, events and outcomes as here."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, BinaryIO, ClassVar, cast

from ._launched import LaunchedRunner, environment
from ._wire import pack, write_frame

SCHEDULER = "JACOSCOPE_SCHEDULER"  # the environment variable
_CONNECTOR = "jacoscope.run._connector"
_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")
_NOT_INSTALLED = (
    "A Dask cluster takes the package distributed, which is not here: pip install"
    " 'jacoscope[cluster]'."
)
_NOWHERE = (
    "`runner='dask'` takes a scheduler: make a `distributed.Client` before, set the environment"
    f" variable {SCHEDULER} to its address, or pass that, as in `runner='tcp://localhost:8786'`."
    " `jacoscope cluster` starts one to try."
)


class DaskRunner(LaunchedRunner):
    """Runs jobs on the workers of a Dask cluster.

    Args:
        address: Of the scheduler, such as `tcp://localhost:8786`.
        security: What `distributed.Security` takes, as plain data; None for Dask's configuration.

    Attributes:
        address: The same.
    """

    _name: ClassVar[str] = "connection to the scheduler"

    def __init__(self, address: str, security: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.address = address
        self._security = security

    def _launch(self) -> tuple[subprocess.Popen[bytes], Callable[[], None]]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", _CONNECTOR],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        security = None if self._security is None else dict(self._security)
        assert process.stdin is not None
        first = pack({"address": self.address, "security": security})
        write_frame(cast(BinaryIO, process.stdin), first)
        return process, lambda: None


def dask_runner(address: str, security: Any = None) -> DaskRunner:
    """Return the runner of a cluster; this process shares one for each address and security.

    Nothing is connected before the first job.

    Args:
        address: Of the scheduler, such as `tcp://localhost:8786` or `tls://node7:8786`.
        security: A `distributed.Security`, or a mapping of what it takes, such as `tls_ca_file`,
            `tls_client_cert` and `tls_client_key`; None for Dask's configuration.

    Raises:
        ValueError: That is no such address, or `distributed` is not installed.

    >>> dask_runner("node7")
    Traceback (most recent call last):
    ...
    ValueError: A scheduler's address must be as tcp://host:8786 or tls://…, but got 'node7'.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError(
            f"A scheduler's address must be as tcp://host:8786 or tls://…, but got {address!r}."
        )
    if importlib.util.find_spec("distributed") is None:
        raise ValueError(_NOT_INSTALLED)
    return _shared(address, json.dumps(None if security is None else _plain(security)))


def cluster_runner(runner: str) -> DaskRunner:
    """Return the runner that a word or an address names.

    Args:
        runner: `dask` for the `distributed.Client` that this process has, or else for the address
            in the environment variable JACOSCOPE_SCHEDULER; or an address.

    Raises:
        ValueError: There is none, or it can't be reached from another process.
    """
    if runner != "dask":
        return dask_runner(runner)
    client = _current_client()
    if client is not None:
        return dask_runner(client.scheduler.address, client.security)
    if os.environ.get(SCHEDULER):
        return dask_runner(os.environ[SCHEDULER])
    raise ValueError(_NOT_INSTALLED if not importlib.util.find_spec("distributed") else _NOWHERE)


def _current_client() -> Any:
    """Return the client that this process has made; None where there is none."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.default_client()
    except ValueError:
        return None


@cache
def _shared(address: str, security: str) -> DaskRunner:
    return DaskRunner(address, json.loads(security))


def _plain(security: Any) -> dict[str, Any]:
    """Return a `distributed.Security`, or what it takes, as plain data."""
    if isinstance(security, Mapping):
        return dict(security)
    known = {name: getattr(security, name) for name in security.__slots__}
    return {
        name: value.name if isinstance(value, ssl.TLSVersion) else value
        for name, value in known.items()
        if value is not None and name != "extra_conn_args"
    }
