"""What disturbs a measurement: our own garbage collector, other work, and what the system tells."""

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
_LOOK_S, _IDLE_SHARE = 0.1, 0.8  # seconds of a look, and idle share of the processors
_QUIET_LOOKS = 4  # in a row: a page hears of an event a quarter of a second later, and draws then
_PRESSURE_SHARE = 0.2  # of a sample; a program's own threads were seen to make up to 0.08


def wait_until_quiet(seconds: float) -> bool:
    """Wait until little else is at work on this machine, such as a browser that still draws.

    Args:
        seconds: Wait no longer than that.

    Returns:
        Whether it is quiet; True at once where the system does not tell.
    """
    end, before, quiet_looks = time.perf_counter() + seconds, _processor_time(), 0
    while before is not None and quiet_looks < _QUIET_LOOKS:
        if time.perf_counter() + _LOOK_S > end:
            return False
        time.sleep(_LOOK_S)
        now = _processor_time()
        if now is None:
            break
        idle, spent = (after - first for after, first in zip(now, before, strict=True))
        quiet_looks = quiet_looks + 1 if idle >= _IDLE_SHARE * spent else 0
        before = now
    return True


def _processor_time() -> tuple[int, int] | None:
    """Return ticks for which processors had nothing to do, and all ticks; None where unknown."""
    with suppress(OSError, IndexError, ValueError):
        ticks = [int(each) for each in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks)
    return None


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
