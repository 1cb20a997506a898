"""What a device can do at most, measured: multiplications of matrices, and traffic to memory.

The two ceilings of the roofline model (Williams, Waterman, Patterson 2009). Each is the best of
several runs, as what a machine was seen to do. Kept on disk, a file for each device and dtype.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata

import jax
import jax.numpy as jnp

from ._cache import keep, kept
from ._devices import Device
from ._environment import processor, usable_cores
from ._timing import Protocol, sample_all

_KIND = "ceilings"
_SIDE, _SIDE_OFF_CPU = 1024, 4096  # of the matrices
_ARRAY_BYTES = 64_000_000  # of each of three arrays, more than most caches hold
_ROOM_BYTES = 8 * _ARRAY_BYTES  # needed for all of it, compilers included
_LONGEST_S = 2.0  # for both, compiling included
_PROTOCOL = Protocol(rounds=9)
_measured: dict[str, Ceilings] = {}


@dataclass(frozen=True)
class Ceilings:
    """The most that was measured.

    Attributes:
        flops_per_s: Of a product of two square matrices, its multiplications and additions.
        bytes_per_s: Read and written by `c = a + 2 b` over arrays that no cache holds.
        dtype: Of what was computed.
    """

    flops_per_s: float
    bytes_per_s: float
    dtype: str


def ceilings(
    device: Device,
    dtype: str,
    *,
    room_bytes: int | None = None,
    between: Callable[[], None] = lambda: None,
) -> Ceilings | None:
    """Return a device's ceilings, measured once, in two seconds at most, and then known.

    Args:
        device: Where.
        dtype: Of the arrays, such as `float32`.
        room_bytes: How much memory may be taken; None for any amount.
        between: Called between slices of timing, when others may have the device.

    Returns:
        The ceilings; None where they are not known yet and there is no room or time to
        measure them.
    """
    key = _key(device, dtype)
    if key not in _measured:
        found = _read(kept(_KIND, key))
        if found is None:
            if room_bytes is not None and room_bytes < _ROOM_BYTES:
                return None
            found = _measure(device, dtype, between)
            if found is None:
                return None
            keep(_KIND, key, json.dumps(asdict(found)))
        _measured[key] = found
    return _measured[key]


def _measure(device: Device, dtype: str, between: Callable[[], None]) -> Ceilings | None:
    side = _SIDE if device.platform == "cpu" else _SIDE_OFF_CPU
    length = _ARRAY_BYTES // jnp.dtype(dtype).itemsize
    with jax.default_device(device):
        matrix = jnp.ones((side, side), dtype)
        a, b = jnp.ones(length, dtype), jnp.ones(length, dtype)
        calls = {
            "product": partial(jax.jit(lambda a: a @ a), matrix),
            "triad": partial(jax.jit(lambda a, b: a + 2 * b), a, b),
        }
        deadline = time.perf_counter() + _LONGEST_S
        taken = sample_all(calls, protocol=_PROTOCOL, deadline=deadline, between=between)
    least_s = {name: min(samples.seconds, default=None) for name, samples in taken.items()}
    product_s, triad_s = least_s.get("product"), least_s.get("triad")
    if not product_s or not triad_s:
        return None
    return Ceilings(2 * side**3 / product_s, 3 * _ARRAY_BYTES / triad_s, dtype)


def _read(text: str | None) -> Ceilings | None:
    try:
        found = Ceilings(**json.loads(text or ""))
        return found if found.flops_per_s > 0 and found.bytes_per_s > 0 else None
    except (ValueError, TypeError):
        return None


def _key(device: Device, dtype: str) -> str:
    parts = [
        device.platform,
        device.device_kind,
        str(processor()),
        str(usable_cores()),
        metadata.version("jaxlib"),
        os.environ.get("XLA_FLAGS", ""),
        str(jax.config.values["jax_default_matmul_precision"]),
        dtype,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
