"""The peak of memory while a program runs, measured in this process, on Linux.

Writing 5 to `/proc/self/clear_refs` sets the kernel's high-water mark back to what is in use; a
call then leaves its peak there. The process has to be fresh: blocks that an earlier program
freed, and that the allocator kept, would hide what this one takes. A GPU's allocator tells its
own peak, which also only a fresh process can read.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import psutil

from ._devices import Device

RESOLUTION_BYTES = 16_000_000  # below, allocator and page granularity drown the figure
_SELF = Path("/proc/self")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MMAP_BYTES = 65_536


def return_freed_blocks(from_bytes: int = _MMAP_BYTES) -> None:
    """Have the allocator give large blocks back when they are freed; for a fresh process.

    Args:
        from_bytes: What is large, up to 32 MB with glibc; with that it keeps what it does by itself
            once it has seen such a block.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):  # glibc
            libc.mallopt(_M_MMAP_THRESHOLD, from_bytes)
            libc.mallopt(_M_TRIM_THRESHOLD, 2 * from_bytes)  # as glibc has it by itself


def resident_rise(call: Callable[[], Any]) -> tuple[Any, int]:
    """Run a call and tell roughly how far resident memory rose during it.

    Only a hint: in a process that has run other programs, blocks that those freed hide some of
    it. Where the system does not tell, the rise is 0.

    Returns:
        What the call returned, awaited, and the rise in bytes.
    """
    known = _reset_peak()
    before = resident() if known else 0
    result = jax.block_until_ready(call())
    return result, max(_status("VmHWM") - before, 0) if known else 0


def peak_rise(call: Callable[[], Any], device: Device) -> tuple[int | None, str]:
    """Measure how far memory rises during a call, after one call to warm it up.

    Args:
        call: What to run; its result is awaited and dropped.
        device: Where it runs.

    Returns:
        Bytes, and where the figure comes from; None, and the reason, where it can't be known.
    """
    jax.block_until_ready(call())
    if device.platform != "cpu":
        return _device_peak(call, device)
    gc.collect()
    trim()
    if not _reset_peak():
        return None, "unknown: this system does not tell a process its peak"
    before = resident()
    jax.block_until_ready(call())
    return max(_status("VmHWM") - before, 0), "measured: rise of resident memory, fresh process"


def _device_peak(call: Callable[[], Any], device: Device) -> tuple[int | None, str]:
    read: Any = getattr(device, "memory_stats", lambda: None)
    before = read()
    if not before or "peak_bytes_in_use" not in before:
        return None, "unknown: this device does not tell its peak"
    jax.block_until_ready(call())
    rise = read()["peak_bytes_in_use"] - before.get("bytes_in_use", 0)
    return max(rise, 0), "measured: the device's peak, fresh process"


def _reset_peak() -> bool:
    try:
        (_SELF / "clear_refs").write_text("5")
    except OSError:
        return False  # not Linux, or not allowed
    return True


def trim() -> None:
    """Have the allocator give back what is free, where it can (glibc)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "malloc_trim"):
            libc.malloc_trim(0)


def resident() -> int:
    """Return the bytes that this process has in memory."""
    return psutil.Process().memory_info().rss


def _status(name: str) -> int:
    for line in (_SELF / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
