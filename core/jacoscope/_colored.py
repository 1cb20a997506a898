"""Builders of sparse Jacobians and Hessians from a coloring, checked where values are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, assert_never

import jax
import jax.numpy as jnp
from jax import core
from jaxtyping import Array, PyTree

from ._coloring import Coloring
from ._compression import Compressed, Product, compress
from ._decompression import Output, assemble, gather
from ._hessian import Order, hvp_product
from ._point import checked_pair, output_shapes
from ._products import pushforward, pushforward_with_aux
from ._shares import Shares
from ._verification import fault

ColoredMode = Literal["forward", "reverse", "linearize", "mixed"]


class WrongPatternError(ValueError):
    """A pattern lacks an entry of the derivative at this point."""


@dataclass(frozen=True)
class LinearPart:
    """A derivative as linear maps.

    Attributes:
        push: From like `x` to like `y`; None where it is not needed.
        pull: Back; None where it is not needed.
        y: The output or its shapes.
        aux: What `f` returns beside y; None where it returns no more, and where `push_aux`.
        push_aux: Whether `push` returns a pair, the product and aux.
    """

    push: Product | None
    pull: Product | None
    y: PyTree[Any]
    aux: Any = None
    push_aux: bool = False


def jacobian_part(
    f: Callable[[Any], Any], x: PyTree[Array], mode: ColoredMode, *, has_aux: bool = False
) -> LinearPart:
    """Return the linear maps at `x` that a mode applies; with `has_aux`, `f` returns (y, aux)."""
    g = checked_pair(f, has_aux=has_aux)
    match mode:
        case "forward":
            y = output_shapes(lambda x: g(x)[0], x)
            push = pushforward_with_aux(g, x) if has_aux else pushforward(f, x)
            return LinearPart(push, None, y, push_aux=has_aux)
        case "linearize":
            y, push, aux = jax.linearize(g, x, has_aux=True)
            return LinearPart(push, None, jax.tree.map(jnp.asarray, y), aux)
        case "reverse" | "mixed":
            y, pull, aux = jax.vjp(g, x, has_aux=True)
            push = pushforward(lambda x: g(x)[0], x) if mode == "mixed" else None
            return LinearPart(push, lambda u: pull(u)[0], jax.tree.map(jnp.asarray, y), aux)
        case never:
            assert_never(never)


def hessian_part(f: Callable[[Any], Any], x: PyTree[Array], order: Order) -> LinearPart:
    """Return the linear map of a Hessian, which is its own transpose."""
    return LinearPart(hvp_product(f, x, order), None, x)


def build_colored(
    part: LinearPart,
    x: PyTree[Array],
    *,
    coloring: Coloring,
    chunk_size: int | None = None,
    output: Output = "dense",
    has_aux: bool = False,
) -> Any:
    """Build a sparse derivative in one pass a color.

    Where everything is concrete, the result is held against one more product with a random
    vector, which costs one pass; under `jax.jit` nothing can be checked.

    Args:
        part: The derivative as linear maps.
        x: The point.
        coloring: Its pattern and colors.
        chunk_size: Passes at once; None for all.
        output: `dense`, or `bcoo`.
        has_aux: Whether aux is returned with it.

    Returns:
        Structured as `jax.jacfwd` structures it; with `has_aux` the pair of it and aux.

    Raises:
        WrongPatternError: The pattern lacks an entry.
    """
    data, aux = check_entries(part, x, coloring, chunk_size)
    matrix = assemble(data, coloring, x, part.y, output)
    return (matrix, aux) if has_aux else matrix


def check_entries(
    part: LinearPart, x: PyTree[Array], coloring: Coloring, chunk_size: int | None = None
) -> tuple[Array, Any]:
    """Compute the entries of a sparse derivative, `(nnz,)`, checked where they are concrete.

    Returns:
        The entries, and aux.

    Raises:
        WrongPatternError: The pattern lacks an entry.
    """
    compressed, data = compute_entries(part, x, coloring, chunk_size)
    if not isinstance(data, core.Tracer):
        hold_against_product(part, x, coloring, compressed, data)
    return data, compressed.aux if part.push_aux else part.aux


def compute_entries(
    part: LinearPart,
    x: PyTree[Array],
    coloring: Coloring,
    chunk_size: int | None = None,
    shares: Shares | None = None,
) -> tuple[Compressed, Array]:
    """Compute the products with the seeds of every color, and the entries, `(nnz,)`, from them."""
    compressed = compress(
        coloring,
        push=part.push,
        pull=part.pull,
        x=x,
        y=part.y,
        chunk_size=chunk_size,
        has_aux=part.push_aux,
        shares=shares,
    )
    return compressed, gather(compressed, coloring)


def hold_against_product(
    part: LinearPart, x: PyTree[Array], coloring: Coloring, compressed: Compressed, data: Array
) -> None:
    """Hold entries against one product with a random vector; all of them are there, untraced.

    Raises:
        WrongPatternError: The pattern lacks an entry.
    """
    forward = part.push is not None
    product, like = (part.push, x) if forward else (part.pull, part.y)
    assert product is not None
    if part.push_aux:
        product = _first_of(product)
    where = fault(compressed, data, coloring, product, like, forward=forward)
    if where:
        raise WrongPatternError(
            "`sparsity` must have every entry that is other than zero, but"
            f" {where} has one outside of the pattern."
        )


def _first_of(product: Product) -> Product:
    return lambda v: product(v)[0]
