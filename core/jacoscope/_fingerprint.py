"""A key for a function at shapes on a device: alike keys, alike programs.

The jaxpr says what the function does whatever it is called and wherever it is defined; the values
of what it closes over are left out, as no choice of a strategy depends on them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from importlib import metadata
from typing import Any

import jax
from jaxtyping import PyTree

from ._devices import Device
from ._environment import usable_cores
from ._failure import Failure, attempt

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def fingerprint(
    f: Callable[[Any], Any], x: PyTree[Any], device: Device, *settings: Any
) -> str | None:
    """Return a key of `f` at the shapes of `x` on a device, under this version of JAX.

    Args:
        f: Function of one pytree.
        x: The point, or its shapes; may be traced.
        device: Where it is computed.
        *settings: What else the choice depends on, such as the quantity; plain values.

    Returns:
        64 hexadecimal digits; None where `f` can't be traced.
    """
    traced = attempt(lambda: jax.make_jaxpr(f)(x))
    if isinstance(traced, Failure):
        return None
    parts = [
        _ADDRESS.sub("", str(traced)),
        str(jax.tree.structure(x)),
        device.platform,
        device.device_kind,
        str(usable_cores()),
        *(metadata.version(name) for name in ("jax", "jaxlib")),
        str(jax.config.values["jax_default_matmul_precision"]),
        os.environ.get("XLA_FLAGS", ""),
        *map(repr, settings),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
