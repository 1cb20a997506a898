"""Where and when a study was made: versions, flags, processor, load, date."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

from ._devices import Device, device_name


def describe_environment(device: Device) -> dict[str, Any]:
    """Return what a reader needs to judge the figures, as JSON values; unknown is None."""
    return {
        "jacoscope": metadata.version("jacoscope") if _installed("jacoscope") else None,
        "revision": _revision(),
        "jax": jax.__version__,
        "jaxlib": metadata.version("jaxlib"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "host": platform.node(),
        "processor": processor(),
        "cores": usable_cores(),
        "device": device_name(device),
        "device_kind": device.device_kind,
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "x64": bool(jax.config.values["jax_enable_x64"]),
        "load_at_start": load(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def load() -> float | None:
    """Return the one-minute load average; None where the system has none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def usable_cores() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def processor() -> str | None:
    """Return the name of the processor; None where the system tells none."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or None


def _revision() -> str | None:
    """Return the git revision of this checkout, with `+` where it has changes."""
    here = Path(__file__).resolve().parent
    if not (here.parents[1] / ".git").exists():
        return None  # installed: another project's revision would be no help
    command = ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--match=no-tag"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None  # no git, or not a checkout
    return found.stdout.strip() or None
