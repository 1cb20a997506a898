"""What has to be the same where a job is sent from and where it is done."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import metadata

_PACKAGES = ("jacoscope", "jax", "jaxlib")


def versions() -> dict[str, str]:
    """Return the versions of Python, to its minor number, and of the packages that measure."""
    found = {"Python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a checkout that is not installed
            found[name] = "unknown"
    return found


def misfit(here: Mapping[str, str], there: Mapping[str, str], where: str) -> str:
    """Say in a sentence what a worker has in other versions; empty where all are the same.

    Args:
        here: The versions of whoever sent the job.
        there: Those of the worker.
        where: The worker and its host.

    >>> misfit({"jax": "0.10.2"}, {"jax": "0.9.0"}, "Worker w on host h")
    'Worker w on host h has jax 0.9.0, where it is 0.10.2 here. Install the same there, or stop it.'
    """
    differing = [
        f"{name} {there.get(name, 'unknown')}, where it is {version} here"
        for name, version in here.items()
        if there.get(name, "unknown") != version
    ]
    if not differing:
        return ""
    return f"{where} has {'; '.join(differing)}. Install the same there, or stop it."
