"""Several devices at once: the mesh that `device=` asks for, and its name in plain data."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np
from jax import core
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from ._devices import ALL, Device, all_devices, device_name, find_device

_AXIS = "devices"
_SEVERAL = re.compile(r"^(\w+):(\d+)-(\d+)$")

Where = str | Device | Mesh | None


def find_mesh(device: Where) -> Mesh | None:
    """Return the mesh that is asked for; None where it is one device, or nothing.

    Args:
        device: `all`, for every device of the default backend, those of other processes included;
            several by name, as `cpu:0-3` or `cpu:0,cpu:2`; or a `jax.sharding.Mesh`, whose axes
            are taken as automatic ones, so that a user's function need not know of them.

    Raises:
        ValueError: This process has no such devices.
    """
    if isinstance(device, Mesh):
        return Mesh(device.devices, device.axis_names, axis_types=_automatic(device.axis_names))
    if device == ALL:
        return _row(list(jax.devices()))
    if isinstance(device, str) and (_SEVERAL.match(device) or "," in device):
        return _row(_named(device))
    return None


def placed_on(device: Where, *trees: PyTree[Any]) -> tuple[Any, ...]:
    """Return the mesh that is asked for, or None and the trees on the one device that is.

    Raises:
        ValueError: This process has no such device.
    """
    mesh = find_mesh(device)
    if mesh is not None or device is None:
        return mesh, *trees
    assert not isinstance(device, Mesh)
    return None, *jax.device_put(trees, find_device(device))


def mesh_name(mesh: Mesh) -> str:
    """Name the devices of a mesh, as `cpu:0-7`; `find_mesh` finds them again by it.

    They are named one by one where they are not consecutive.
    """
    devices: list[Device] = list(mesh.devices.flat)
    ids = [each.id for each in devices]
    if len(devices) > 1 and ids == list(range(ids[0], ids[0] + len(ids))):
        return f"{devices[0].platform}:{ids[0]}-{ids[-1]}"
    return ",".join(map(device_name, devices))


def place(tree: PyTree[Any], mesh: Mesh, spec: PartitionSpec) -> PyTree[Any]:
    """Lay arrays, or their shapes, out over a mesh; what is traced stays as it is.

    Args:
        tree: Arrays, of which every process has the same; or `jax.ShapeDtypeStruct`.
        mesh: The mesh.
        spec: How each of them is laid out.
    """
    sharding = NamedSharding(mesh, spec)

    def leaf(value: Any) -> Any:
        if isinstance(value, core.Tracer):
            return value
        if isinstance(value, jax.ShapeDtypeStruct):
            return jax.ShapeDtypeStruct(value.shape, value.dtype, sharding=sharding)
        if value.is_fully_addressable and not sharding.is_fully_addressable:
            value = np.asarray(value)  # a copy for each process, wherever it lay in this one
        return jax.device_put(value, sharding)

    return jax.tree.map(leaf, tree)


def _row(devices: list[Any]) -> Mesh:
    names = (_AXIS,)
    return jax.make_mesh((len(devices),), names, axis_types=_automatic(names), devices=devices)


def _automatic(names: tuple[Any, ...]) -> tuple[AxisType, ...]:
    return (AxisType.Auto,) * len(names)


def _named(text: str) -> list[Any]:
    known = {device_name(each): each for each in all_devices()}
    names: list[str] = []
    for part in map(str.strip, text.split(",")):
        several = _SEVERAL.match(part)
        if several is None:
            names.append(part)
        else:
            platform, first, last = several.groups()
            names += [f"{platform}:{number}" for number in range(int(first), int(last) + 1)]
    missing = [name for name in names if name not in known]
    if missing or len(set(names)) < len(names) or not names:
        there = ", ".join(known)
        raise ValueError(f"`device` must name devices among {there}, each once, but got {text!r}.")
    return [known[name] for name in names]
