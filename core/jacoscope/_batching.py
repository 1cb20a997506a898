"""One linear product applied to many vectors: in a Python loop, a map, a vmap, or by chunks.

Chunks are written in place into the result, and the last one is moved back so that it ends with
the last vector: no remainder is traced apart, and no second copy of the result is made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any, Literal, assert_never, get_args

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, PyTree

Batching = Literal["loop", "map", "vmap", "chunked"]


def check_batching(
    batching: str, chunk_size: int | None, allowed: tuple[str, ...] = get_args(Batching)
) -> None:
    """Check a batching and its chunk size.

    Args:
        batching: The word.
        chunk_size: Passes at once.
        allowed: The words that there are.

    Raises:
        ValueError: The word is unknown, or the chunk size is missing, superfluous or below 1.
    """
    if batching not in allowed:
        words = ", ".join(allowed)
        raise ValueError(f"`batching` must be one of {words}, but got {batching!r}.")
    if batching != "chunked" and chunk_size is not None:
        raise ValueError(
            f"`chunk_size` goes with `batching='chunked'`, but got {chunk_size} with {batching!r}."
        )
    if batching == "chunked":
        check_chunk_size(chunk_size, optional=False)


def check_chunk_size(chunk_size: int | None, *, optional: bool = True) -> None:
    """Check a chunk size.

    Raises:
        ValueError: It is no positive integer, nor None where that is allowed.
    """
    if chunk_size is None and optional:
        return
    if isinstance(chunk_size, bool) or not isinstance(chunk_size, int) or chunk_size < 1:
        raise ValueError(f"`chunk_size` must be a positive integer, but got {chunk_size!r}.")


def batched(
    product: Callable[[Any], PyTree[Array]],
    vectors: PyTree[Array],
    count: int,
    *,
    batching: Batching,
    chunk_size: int | None,
    axis: Literal[0, -1],
) -> PyTree[Array]:
    """Apply `product` to each of the stacked `vectors` and stack what comes out.

    Args:
        product: From one vector (a pytree) to a pytree of arrays.
        vectors: Pytree whose leaves have a leading axis of length `count`.
        count: How many vectors; 0 gives empty results.
        batching: How they are applied.
        chunk_size: Vectors at once, for `chunked`.
        axis: Where the new axis goes in every leaf of the result, first or last.

    Returns:
        The pytree of `product`, each leaf with one more axis of length `count`.
    """
    results, _ = batched_with_aux(
        lambda vector: (product(vector), None),
        vectors,
        count,
        batching=batching,
        chunk_size=chunk_size,
        axis=axis,
    )
    return results


def batched_with_aux(
    product: Callable[[Any], tuple[PyTree[Array], Any]],
    vectors: PyTree[Array],
    count: int,
    *,
    batching: Batching,
    chunk_size: int | None,
    axis: Literal[0, -1],
) -> tuple[PyTree[Array], Any]:
    """As `batched`, for a product that also returns what is the same for every vector.

    Args:
        product: From one vector to a pair: a pytree of arrays, and another that does not depend
            on the vector, such as what `f` returns beside its tangent.
        vectors: As for `batched`.
        count: As for `batched`.
        batching: As for `batched`.
        chunk_size: As for `batched`.
        axis: As for `batched`.

    Returns:
        The stacked results, and the other pytree once, as one of the passes has it.
    """
    check_batching(batching, chunk_size)
    if count == 0 or (batching == "chunked" and (chunk_size or 0) >= count):
        batching = "vmap"
    match batching:
        case "loop":
            outputs = [product(jax.tree.map(itemgetter(i), vectors)) for i in range(count)]
            results, aux = zip(*outputs, strict=True)
            return jax.tree.map(lambda *parts: jnp.stack(parts, axis), *results), aux[0]
        case "map":
            stacked, aux = _mapped(product, vectors)
            return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, axis), stacked), aux
        case "vmap":
            return jax.vmap(product, out_axes=(axis, None))(vectors)
        case "chunked":
            return _chunked(product, vectors, count, chunk_size or 1, axis)
        case never:
            assert_never(never)


def _mapped(
    product: Callable[[Any], tuple[PyTree[Array], Any]], vectors: PyTree[Array]
) -> tuple[PyTree[Array], Any]:
    """Apply the product to one vector after the other; aux is carried, not stacked."""
    one = jax.jit(product, inline=True)  # one trace for the shapes and the loop

    def step(_: Any, vector: PyTree[Array]) -> tuple[Any, PyTree[Array]]:
        result, aux = one(vector)
        return aux, result

    _, shapes = jax.eval_shape(one, jax.eval_shape(partial(jax.tree.map, itemgetter(0)), vectors))
    aux, stacked = lax.scan(step, _zeros(shapes), vectors)
    return stacked, aux


def _chunked(
    product: Callable[[Any], tuple[PyTree[Array], Any]],
    vectors: PyTree[Array],
    count: int,
    chunk: int,
    axis: Literal[0, -1],
) -> tuple[PyTree[Array], Any]:
    # jit, so that finding the shapes and running the loop share one trace of the product
    block = jax.jit(jax.vmap(product, out_axes=(axis, None)), inline=True)

    def part(start: Any) -> PyTree[Array]:
        return jax.tree.map(lambda v: lax.dynamic_slice_in_dim(v, start, chunk), vectors)

    def write(step: Any, carry: tuple[PyTree[Array], Any]) -> tuple[PyTree[Array], Any]:
        start = jnp.minimum(step * chunk, count - chunk)
        columns, aux = block(part(start))
        results = jax.tree.map(
            lambda whole, new: lax.dynamic_update_slice_in_dim(whole, new, start, axis % new.ndim),
            carry[0],
            columns,
        )
        return results, aux

    def empty(leaf: jax.ShapeDtypeStruct) -> Array:
        place = axis % len(leaf.shape)
        shape = (*leaf.shape[:place], count, *leaf.shape[place + 1 :])
        return jnp.zeros(shape, leaf.dtype)

    shapes, of_aux = jax.eval_shape(block, jax.eval_shape(part, 0))
    start = jax.tree.map(empty, shapes), _zeros(of_aux)
    return lax.fori_loop(0, -(-count // chunk), write, start)


def _zeros(shapes: PyTree[Any]) -> PyTree[Array]:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
