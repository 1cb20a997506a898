"""Some of a Jacobian's passes at a time, by one compiled program, whichever they are.

Reverse and linearized passes start from residuals, which are computed once and kept between the
blocks; a forward pass starts from the point. The program takes the index of the first pass, and
past the last one pushes or pulls zeros, so that a shorter block needs no program of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, assert_never

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from ._basis import basis_vector
from ._cost import predicted_bytes
from ._jacobian import Mode
from ._point import size


class Passes:
    """The passes of one mode at one point, of which any block can be computed.

    Args:
        f: Function of one pytree.
        x: The point; not traced.
        y: The shapes of `f(x)`, checked by `output_shapes`.
        mode: As for `build_jacobian`.
    """

    def __init__(
        self, f: Callable[[Any], Any], x: PyTree[Array], y: PyTree[Any], mode: Mode
    ) -> None:
        self.mode: Mode = mode
        self.axis: Literal[0, 1] = 0 if mode == "reverse" else 1  # rows or columns
        self._x, self._like = x, y if mode == "reverse" else x
        self.count = size(self._like)
        start, self._product = _split(f, mode)
        self._start = jax.jit(start).lower(x).compile()
        self._of_start = self._start.out_info
        self._blocks: dict[int, Any] = {}  # compiled, by passes at once

    def predicted_bytes(self, chunk_size: int) -> int | None:
        """Return what XLA predicts for blocks of so many passes; None where it does not say.

        It is the larger of what the residuals take while they are computed, and of point,
        residuals, temporaries and two blocks: one that is computed and the one before it.
        """
        block = self._compiled(chunk_size)
        first, needed = predicted_bytes(self._start), predicted_bytes(block)
        if first is None or needed is None:
            return None
        (result,) = jax.tree.leaves(block.out_info)
        point = 0 if self.mode == "forward" else _bytes(self._x)
        return max(first, point + needed + _bytes(result))

    def block(self, start: int, chunk_size: int) -> Array:
        """Compute passes from `start` on: rows `(chunk_size, n)` or columns `(m, chunk_size)`.

        What lies past the last pass is zero.
        """
        return self._compiled(chunk_size)(self._state, np.int32(start))

    def keep(self, chunk_size: int) -> Any:
        """Forget the programs for other numbers of passes, and return the dtype of a block."""
        self._blocks = {chunk_size: self._compiled(chunk_size)}
        (result,) = jax.tree.leaves(self._blocks[chunk_size].out_info)
        return result.dtype

    @cached_property
    def _state(self) -> PyTree[Any]:
        return self._start(self._x)

    def _compiled(self, chunk_size: int) -> Any:
        if chunk_size not in self._blocks:

            def block(state: PyTree[Any], start: Any) -> Array:
                def one(i: Any) -> Array:
                    return ravel_pytree(self._product(state, basis_vector(self._like, i)))[0]

                return jax.vmap(one, out_axes=self.axis)(start + jnp.arange(chunk_size))

            lowered = jax.jit(block).lower(self._of_start, np.int32(0))
            self._blocks[chunk_size] = lowered.compile()
        return self._blocks[chunk_size]


def _split(
    f: Callable[[Any], Any], mode: Mode
) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    """Return what all passes share, from the point; and one pass, from that and a vector."""
    match mode:
        case "forward":
            return lambda x: x, lambda x, v: jax.jvp(f, (x,), (v,))[1]
        case "linearize":
            return lambda x: jax.linearize(f, x)[1], lambda push, v: push(v)
        case "reverse":
            return lambda x: jax.vjp(f, x)[1], lambda pull, u: pull(u)[0]
        case never:
            assert_never(never)


def _bytes(tree: PyTree[Any]) -> int:
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
