"""A computation that the devices of a mesh share, each doing its part by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec, use_abstract_mesh
from jaxtyping import Array, PyTree

from ._batching import Batching, batched
from ._mesh import place
from ._shares import Axis, Shape, Shares

ALIKE = PartitionSpec()  # the same on each device


def spread(
    local: Callable[..., Any],
    shares: Shares,
    specs: PyTree[PartitionSpec],
    *arguments: Any,
    layouts: tuple[PartitionSpec, ...] = (),
) -> Any:
    """Have each device do its part, and return what they make together.

    It is compiled for this call alone, unless it is called under `jax.jit`.

    Args:
        local: What each device does, from its part of the arguments to its part of the result.
        shares: The devices.
        specs: How the parts lie in the result, as `jax.shard_map` takes it.
        *arguments: Pytrees of arrays, of which each device has a copy.
        layouts: How the arguments lie, where not all are copies.
    """
    layouts = layouts or (ALIKE,) * len(arguments)
    placed = [
        place(each, shares.mesh, layout) for each, layout in zip(arguments, layouts, strict=True)
    ]
    # Nothing is said of what varies over the mesh: a user's loop would have to say it, too.
    shared = jax.shard_map(
        local, mesh=shares.mesh, in_specs=layouts, out_specs=specs, check_vma=False
    )
    with use_abstract_mesh(shares.mesh.abstract_mesh):  # whichever a user has set
        return jax.jit(shared)(*placed)


def spread_vectors(
    make: Callable[[Any], Callable[[Any], PyTree[Array]]],
    result: PyTree[Any],
    x: PyTree[Array],
    vectors: PyTree[Array],
    count: int,
    *,
    batching: Batching,
    chunk_size: int | None,
    shares: Shares,
) -> PyTree[Array]:
    """Apply a linear map at `x` to stacked vectors that the devices share.

    Args:
        make: From the point to the linear map.
        result: What it gives for one vector, or the shapes of that.
        x: The point.
        vectors: Leaves `(count, *leaf.shape)`. Where the mesh divides `count`, each device has its
            part of them alone.
        count: How many.
        batching: How each device applies the map to its vectors.
        chunk_size: Vectors at once, for `chunked`.
        shares: The devices.

    Returns:
        A pytree like `result`, each leaf `(count, *leaf.shape)`, laid out over its first axis.
    """
    layout = vectors_layout(shares, count)

    def local(x: PyTree[Array], vectors: PyTree[Array]) -> PyTree[Array]:
        own = vectors
        if not any(layout):  # each device has them all
            places = jnp.minimum(shares.indices((count,), 0, count), count - 1)
            own = jax.tree.map(lambda leaf: leaf[places], vectors)
        products = batched(
            make(x),
            own,
            shares.count((count,)),
            batching=batching,
            chunk_size=chunk_size,
            axis=0,
        )
        return jax.tree.map(lambda part: shares.settle(part, (count,), part.shape[1:], 0), products)

    specs = jax.tree.map(lambda leaf: shares.spec((count,), leaf.shape, 0), result)
    blocks = [(shares.spec((count,), leaf.shape, 0), leaf) for leaf in jax.tree.leaves(result)]
    shares.speak_up((spec, (count, *leaf.shape), leaf.dtype) for spec, leaf in blocks)
    return spread(local, shares, specs, x, vectors, layouts=(ALIKE, layout))


def arranged(shares: Shares, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Lay out the point, and stacked vectors where there are any, as a sharded program has them.

    Args:
        shares: The devices.
        arguments: `(x,)` or `(x, vectors)`, arrays or their shapes.
    """
    x, *rest = arguments
    layouts = [vectors_layout(shares, jax.tree.leaves(each)[0].shape[0]) for each in rest]
    placed = [place(each, shares.mesh, how) for each, how in zip(rest, layouts, strict=True)]
    return place(x, shares.mesh, ALIKE), *placed


def vectors_layout(shares: Shares, count: int) -> PartitionSpec:
    """Return how stacked vectors lie that the devices share."""
    return Shares(shares.mesh).spec((count,), (), 0)


def matrix_specs(
    shares: Shares, x: PyTree[Any], y: PyTree[Any], *, by_rows: bool
) -> PyTree[PartitionSpec]:
    """Return how a Jacobian lies, structured as `jax.jacfwd` structures it.

    Args:
        shares: The devices.
        x: The point or its shapes.
        y: The output or its shapes.
        by_rows: Whether the devices share its rows, or else its columns.
    """
    shares.speak_up(
        (
            _block_spec(shares, row.shape, column.shape, by_rows=by_rows),
            (*row.shape, *column.shape),
            row.dtype,
        )
        for row in jax.tree.leaves(y)
        for column in jax.tree.leaves(x)
    )
    return jax.tree.map(
        lambda row: jax.tree.map(
            lambda column: _block_spec(shares, row.shape, column.shape, by_rows=by_rows), x
        ),
        y,
    )


def like_specs(shares: Shares, x: PyTree[Any]) -> PyTree[PartitionSpec]:
    """Return how a pytree like `x` lies whose numbers the devices share, as of a diagonal."""
    return jax.tree.map(lambda leaf: shares.spec(leaf.shape, (), 0), x)


def _block_spec(shares: Shares, rows: Shape, columns: Shape, *, by_rows: bool) -> PartitionSpec:
    basis, other = (rows, columns) if by_rows else (columns, rows)
    axis: Axis = 0 if by_rows else -1
    return shares.spec(basis, other, axis)
