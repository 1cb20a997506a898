"""How the devices of a mesh share the passes of a derivative, and where the result lies.

A device takes its part of every leaf of the basis: a block along an axis of the leaf that the
mesh's axis divides. What its passes give is then its part of the result, and nothing travels. Where
no axis of a leaf can be divided, its vectors are shared in their order, filled up with zero
vectors. As JAX's arrays have shards of one size only, that part of the result is then exchanged, so
that each device has a block along an axis of the other side, and the zero columns are cut off. Only
where no axis of either side can be divided is a block of the result whole on each device.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp
from jax import lax
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array

from ._units import format_bytes

_WORTH_SAYING_BYTES = 2**20

Axis = Literal[0, -1]
Shape = tuple[int, ...]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Shares:
    """How devices share a basis. What is not about layouts is called inside of `jax.shard_map`.

    Attributes:
        mesh: The devices.
        gather: Whether each of them is to have the whole result.
    """

    mesh: Mesh
    gather: bool = False

    def indices(self, shape: Shape, offset: int, beyond: int) -> Array:
        """Return the numbers of this device's vectors of the basis of one leaf.

        Args:
            shape: The leaf's.
            offset: The number of its first vector.
            beyond: A number that no vector has, for what fills up.
        """
        names, left = self._divided(shape, self.mesh.axis_names)
        flat = jnp.zeros((), jnp.int32)
        for length, line in zip(shape, names, strict=True):
            inside = self._start(line, length) + jnp.arange(length // self._count(line))
            flat = (flat * length)[..., None] + inside
        flat = flat.reshape(-1)
        if not left:
            return offset + flat
        count = self.count(shape)
        places = lax.axis_index(left) * count + jnp.arange(count)
        return jnp.where(
            places < flat.size, offset + flat[jnp.minimum(places, flat.size - 1)], beyond
        )

    def count(self, shape: Shape) -> int:
        """Count the vectors of a leaf's basis that each device takes."""
        names, left = self._divided(shape, self.mesh.axis_names)
        return -(-math.prod(self._block(shape, names)) // self._count(left))

    def settle(self, part: Array, shape: Shape, other: Shape, axis: Axis) -> Array:
        """Turn what this device's passes gave into its part of the result.

        Args:
            part: `(*other, count)` for `axis` −1, `(count, *other)` for 0.
            shape: Of the leaf whose basis it was.
            other: Of what one pass gives.
            axis: Where the passes are.
        """
        names, left = self._divided(shape, self.mesh.axis_names)
        at = axis % part.ndim
        dims = {name: i for i, line in enumerate(self._exchanged(other, left)) for name in line}
        for name in reversed(left):
            if name in dims and not self.gather:
                split = dims[name] + (axis == 0)
                part = lax.all_to_all(part, name, split, at, tiled=True)
            else:
                part = lax.all_gather(part, name, axis=at, tiled=True)
        block = self._block(shape, names)
        part = lax.slice_in_dim(part, 0, math.prod(block), axis=at)
        if axis == 0:
            part = part.reshape(*block, *part.shape[1:])
        else:
            part = part.reshape(*part.shape[:-1], *block)
        if self.gather:
            first = 0 if axis == 0 else len(other)
            for dim, line in enumerate(names):
                if line:
                    part = lax.all_gather(part, line, axis=first + dim, tiled=True)
        return part

    def own(self, count: int) -> Array:
        """Return this device's part of the numbers from 0 to `count`, as long for each."""
        part = -(-count // self.mesh.size)
        return lax.axis_index(self.mesh.axis_names) * part + jnp.arange(part)

    def collect(self, part: Array, count: int) -> Array:
        """Give each device what all have computed for the numbers that are `own`."""
        whole = lax.all_gather(part, self.mesh.axis_names, axis=0, tiled=True)
        return lax.slice_in_dim(whole, 0, count, axis=0)

    def spec(self, shape: Shape, other: Shape, axis: Axis) -> PartitionSpec:
        """Return how the result for one leaf of the basis, and one of what passes give, lies."""
        return PartitionSpec(*(_entry(line) for line in self._lines(shape, other, axis)))

    def window(self, shape: Shape, other: Shape, axis: Axis) -> tuple[list[Any], Shape]:
        """Return where this device's part of that result begins, and its shape."""
        lines = self._lines(shape, other, axis)
        whole = (*shape, *other) if axis == 0 else (*other, *shape)
        starts = [
            self._start(line, length) if line else 0
            for line, length in zip(lines, whole, strict=True)
        ]
        return starts, self._block(whole, lines)

    def speak_up(self, whole: Iterable[tuple[PartitionSpec, Shape, Any]]) -> None:
        """Warn of large blocks that nobody asked to have whole on each device, and that are.

        Args:
            whole: Layout, shape and dtype of each block of a result.
        """
        if self.gather or self.mesh.size == 1:
            return
        taken = sum(
            math.prod(shape) * dtype.itemsize
            for spec, shape, dtype in whole
            if not any(spec) and math.prod(shape)
        )
        if taken >= _WORTH_SAYING_BYTES:
            count = " × ".join(str(size) for size in self.mesh.shape.values())
            warnings.warn(
                f"{count} devices can't share {format_bytes(taken)} of the result evenly, as no"
                " axis of it is a multiple of them: each device has all of it. Pad `x` or `f(x)`"
                " to a multiple to keep it apart, or pass `gather=True` if that is what you want.",
                stacklevel=2,
            )

    def _lines(self, shape: Shape, other: Shape, axis: Axis) -> list[Names]:
        """Return the mesh's axes that each axis of a result is laid out over."""
        if self.gather:
            return [()] * (len(shape) + len(other))
        names, left = self._divided(shape, self.mesh.axis_names)
        exchanged = self._exchanged(other, left)
        return [*names, *exchanged] if axis == 0 else [*exchanged, *names]

    def _exchanged(self, other: Shape, left: Sequence[str]) -> list[Names]:
        # The last first: that is the order in which they are exchanged.
        return self._divided(other, tuple(reversed(left)))[0]

    def _divided(self, shape: Shape, names: Sequence[str]) -> tuple[list[Names], Names]:
        """Divide a shape by as many of the mesh's axes as there are axes of it to divide.

        Returns:
            For each axis of the shape those that divide it, and those that are left over.
        """
        lines: list[Names] = [()] * len(shape)
        left: list[str] = []
        for name in names:
            for dim, length in enumerate(shape):
                if length // self._count(lines[dim]) % self.mesh.shape[name] == 0:
                    lines[dim] = (*lines[dim], name)
                    break
            else:
                left.append(name)
        return lines, tuple(left)

    def _count(self, names: Sequence[str]) -> int:
        return math.prod(self.mesh.shape[name] for name in names)

    def _block(self, shape: Shape, lines: Sequence[Names]) -> Shape:
        return tuple(length // self._count(line) for length, line in zip(shape, lines, strict=True))

    def _start(self, line: Names, length: int) -> Any:
        return lax.axis_index(line) * (length // self._count(line)) if line else 0


def _entry(line: Names) -> str | Names | None:
    return None if not line else line[0] if len(line) == 1 else line
