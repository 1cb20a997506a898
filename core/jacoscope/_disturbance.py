"""What disturbs a measurement: our own garbage collector, held off, and what the system tells."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows does not tell about preemption
    resource = None

_STAT, _PRESSURE = Path("/proc/stat"), Path("/proc/pressure/cpu")  # Linux
_PRESSURE_SHARE = 0.2  # of a sample; a program's own threads were seen to make up to 0.08


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Hold the garbage collector off; fill the list with what disturbed the process."""
    disturbances: list[str] = []
    collecting = gc.isenabled()
    gc.disable()
    before, start = _counters(), time.perf_counter()
    try:
        yield disturbances
    finally:
        elapsed_s = time.perf_counter() - start
        after = _counters()
        if collecting:
            gc.enable()
        disturbances += disturbed_by(before, after, elapsed_s)


def disturbed_by(
    before: Mapping[str, int], after: Mapping[str, int], elapsed_s: float
) -> list[str]:
    """Name what disturbed a sample, from the system's counters before and after it.

    A few waits are this process's own threads; those of a neighbor take up much of the sample.
    """
    rises = {name: after[name] - before[name] for name in after if name in before}
    return [
        name
        for name, rise in rises.items()
        if rise > (_PRESSURE_SHARE * elapsed_s * 1e6 if name == "pressed" else 0)
    ]


def _counters() -> dict[str, int]:
    """Read what the system counts; what it does not tell is left out.

    Involuntary context switches of this process, ticks that a host has stolen, and microseconds
    for which some task of the machine waited for a processor (pressure stall information).
    """
    counters = {}
    if resource is not None:
        counters["preempted"] = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
    with suppress(OSError, IndexError, ValueError):
        fields = _STAT.read_text().split("\n", 1)[0].split()
        counters["stolen"] = int(fields[8])
    with suppress(OSError, IndexError, ValueError):
        some = _PRESSURE.read_text().split("\n", 1)[0]
        counters["pressed"] = int(some.rsplit("total=", 1)[1])
    return counters
