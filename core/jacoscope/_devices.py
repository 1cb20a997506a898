"""Devices by the names that people type, such as `cpu:0`."""

from __future__ import annotations

import re
from typing import Protocol

import jax

ALL = "all"


class Device(Protocol):
    """What is used of a `jax.Device`, which type checkers take for a variable."""

    @property
    def platform(self) -> str:
        """Such as `cpu` or `gpu`."""
        ...

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def device_kind(self) -> str:
        """The name of the model."""
        ...


def device_name(device: Device) -> str:
    """Name a device by platform and number, as in `cpu:0`."""
    return f"{device.platform}:{device.id}"


def find_device(device: str | Device) -> Device:
    """Return the device of that name; of several, as `all` or `cpu:0-3`, the first.

    Raises:
        ValueError: This process has no such device; the sentence lists those it has.
    """
    if not isinstance(device, str):
        return device
    found = {device_name(each): each for each in all_devices()}
    first = next(iter(found)) if device == ALL else re.split(r"[-,]", device)[0]
    if first not in found:
        raise ValueError(f"`device` must be one of {', '.join(found)}, but got {device!r}.")
    return found[first]


def all_devices() -> list[Device]:
    """List the devices of the default backend, then the CPU's. Starts the backends."""
    devices: list[Device] = list(jax.devices())
    if devices[0].platform != "cpu":
        devices += jax.devices("cpu")
    return devices
