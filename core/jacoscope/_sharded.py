"""Whole derivatives that the devices of a mesh share: what each does, and how the parts lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
from jax import core
from jaxtyping import Array, PyTree

from ._colored import (
    ColoredMode,
    LinearPart,
    compute_entries,
    hessian_part,
    hold_against_product,
    jacobian_part,
)
from ._coloring import Coloring
from ._compression import Compressed
from ._decompression import assemble
from ._diagonal import (
    HessianOutput,
    check_diagonal,
    diagonal_entries,
    put_diagonal,
    weighted,
)
from ._hessian import Order
from ._point import checked_pair, output_shapes
from ._shares import Shares
from ._spread import ALIKE, like_specs, matrix_specs, spread

Local = Callable[[Any], Any]


def spread_dense(
    local: Local,
    f: Callable[[Any], Any],
    x: PyTree[Array],
    shares: Shares,
    *,
    hessian: bool,
    by_rows: bool,
    diagonal: bool,
    has_aux: bool,
) -> Any:
    """Have each device build its part of a dense derivative.

    Args:
        local: What builds it, from the point.
        f: Function of one pytree; with `has_aux` it returns `(y, aux)`.
        x: The point.
        shares: The devices.
        hessian: Whether it is a Hessian.
        by_rows: Whether the devices share its rows.
        diagonal: Whether it is the diagonal of a Hessian.
        has_aux: Whether aux comes with it.
    """
    if diagonal:
        specs = like_specs(shares, x)
    else:
        y = x if hessian else output_shapes(_first(f, has_aux=has_aux), x)
        specs = matrix_specs(shares, x, y, by_rows=by_rows)
    return spread(local, shares, (specs, ALIKE) if has_aux else specs, x)


@dataclass(frozen=True)
class SharedColors:
    """A colored derivative whose colors the devices share.

    What the passes give is small: each device has all of it then, and makes its part of the matrix
    from it. A `BCOO` and a diagonal are as small, and each device has the whole.

    Attributes:
        f: Function of one pytree; with `has_aux` it returns `(y, aux)`.
        mode: Which way the passes go; None for a Hessian.
        order: The order of a Hessian's products; None for a Jacobian.
        coloring: The colors.
        chunk_size: Passes at once on each device; None for all.
        output: What is built.
        has_aux: Whether aux comes with it.
        shares: The devices.
    """

    f: Callable[[Any], Any]
    mode: ColoredMode | None
    order: Order | None
    coloring: Coloring
    chunk_size: int | None
    output: HessianOutput
    has_aux: bool
    shares: Shares

    def __call__(self, x: PyTree[Array]) -> Any:
        """Build it at `x`, checked as an unshared one is.

        Raises:
            WrongPatternError: The pattern lacks an entry.
        """
        concrete = not any(isinstance(leaf, core.Tracer) for leaf in jax.tree.leaves(x))
        if self.output == "diagonal":
            return self._diagonal(x, concrete=concrete)
        matrix, aux, entries = spread(
            lambda x: self._local(x, concrete=concrete), self.shares, self._specs(x), x
        )
        if concrete:
            forward, reverse, data = entries
            compressed = Compressed(forward, reverse)
            hold_against_product(self._part(x), x, self.coloring, compressed, data)
        return (matrix, aux) if self.has_aux else matrix

    def _local(self, x: PyTree[Array], *, concrete: bool) -> Any:
        part = self._part(x)
        compressed, data = compute_entries(part, x, self.coloring, self.chunk_size, self.shares)
        assert self.output != "diagonal"
        matrix = assemble(data, self.coloring, x, part.y, self.output, self.shares)
        aux = compressed.aux if part.push_aux else part.aux
        entries = (compressed.forward, compressed.reverse, data) if concrete else None
        return matrix, aux, entries

    def _specs(self, x: PyTree[Array]) -> Any:
        if self.output != "dense":
            return ALIKE
        y = x if self.order else output_shapes(_first(self.f, has_aux=self.has_aux), x)
        by_rows = self.coloring.columns is None
        return matrix_specs(self.shares, x, y, by_rows=by_rows), ALIKE, ALIKE

    def _part(self, x: PyTree[Array]) -> LinearPart:
        if self.order is not None:
            return hessian_part(self.f, x, self.order)
        return jacobian_part(self.f, x, self.mode or "forward", has_aux=self.has_aux)

    def _diagonal(self, x: PyTree[Array], *, concrete: bool) -> PyTree[Array]:
        def local(x: PyTree[Array]) -> tuple[Array, Array | None]:
            push = self._part(x).push
            assert push is not None
            chosen = self.coloring, self.chunk_size, self.shares
            again = diagonal_entries(weighted(push, x), x, *chosen) if concrete else None
            return diagonal_entries(push, x, *chosen), again

        data, again = spread(local, self.shares, ALIKE, x)
        if again is not None:
            check_diagonal(data, again, self.coloring)
        return put_diagonal(data, x, self.coloring)


def _first(f: Callable[[Any], Any], *, has_aux: bool) -> Callable[[Any], Any]:
    pair = checked_pair(f, has_aux=has_aux)
    return lambda x: pair(x)[0]
