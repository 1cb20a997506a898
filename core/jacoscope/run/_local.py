"""Jobs in worker processes of this machine, through a launcher."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache, partial
from typing import Any, ClassVar

from ._confines import Confines
from ._launched import LaunchedRunner, environment
from ._spool import Spool, remove

_LAUNCHER = "jacoscope.run._launcher"


class LocalRunner(LaunchedRunner):
    """Runs jobs in local worker processes, which it starts at the first job.

    Args:
        cpu_devices: How many devices the workers' CPU is to show; None leaves it to JAX and to
            the environment variable JACOSCOPE_CPU_DEVICES.
        confines: What each job may take, in a sandbox of its own; None for no sandboxes.
        memory_bytes: What each job may take of the memory, besides what is free; None for no limit
            but that.
    """

    _name: ClassVar[str] = "worker launcher"

    def __init__(
        self,
        cpu_devices: int | None = None,
        confines: Confines | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self._cpu_devices = cpu_devices
        self._confines = confines
        self._memory_bytes = memory_bytes
        self._spool: Spool | None = None

    def _launch(self) -> tuple[subprocess.Popen[bytes], Callable[[], None]]:
        self._spool = Spool()
        confines = json.dumps(asdict(self._confines) if self._confines else None)
        room = json.dumps(self._memory_bytes)
        arguments = [str(self._spool.folder or ""), str(self.niceness), confines, room]
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", _LAUNCHER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(self._cpu_devices),
            start_new_session=True,  # the scheduler then shares between it and the caller
        )
        return process, partial(remove, self._spool.folder)  # in case the launcher could not

    def _packed(self, target: Mapping[str, Any]) -> Mapping[str, Any]:
        assert self._spool is not None
        if self._confines:
            return target
        light = self._spool.lighten(target)
        self._spool.trim({each.path for each in list(self._handles.values())})
        return light


@cache
def local_runner() -> LocalRunner:
    """Return the runner that this process shares."""
    return LocalRunner()


def _environment(cpu_devices: int | None) -> dict[str, str]:
    """The caller's environment and import path, and the number of CPU devices."""
    made = environment()
    count = str(cpu_devices or os.environ.get("JACOSCOPE_CPU_DEVICES", ""))
    if count.isdecimal() and int(count) > 1:
        flag = f"--xla_force_host_platform_device_count={int(count)}"
        made["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()
    return made
