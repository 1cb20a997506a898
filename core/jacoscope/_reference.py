"""The reference that every strategy is checked against: JAX's own derivative in float64.

Up to a million entries the whole derivative is compared, entry by entry; above, and where time is
short or memory would not do, its product with one random vector. The error is the largest
difference over the largest entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO
from jaxtyping import Array, PyTree

from ._cost import predicted_bytes
from ._limits import MemoryLimitError
from ._point import size
from ._quick import jit_once
from ._strategy import Quantity

_DENSE_ENTRIES = 2**20


@dataclass(frozen=True)
class Reference:
    """What a result is to equal.

    Attributes:
        expected: Leaves in float64.
        direction: The random vector that a result is contracted with; None to compare entries.
    """

    expected: tuple[np.ndarray, ...]
    direction: PyTree[np.ndarray] | None = None

    def error(self, result: PyTree[Array]) -> float:
        """Return the largest difference over the largest entry; inf where NaNs differ."""
        if self.direction is not None:
            got = _contract(result, self.direction)
        else:
            got = [_dense(block) for block in _blocks(result)]
        worst, scale = 0.0, 0.0
        for ours, theirs in zip(got, self.expected, strict=True):
            if not np.array_equal(np.isfinite(ours), np.isfinite(theirs)):
                return float("inf")
            finite = np.isfinite(theirs)
            if finite.any():
                worst = max(worst, float(np.abs(ours[finite] - theirs[finite]).max()))
                scale = max(scale, float(np.abs(theirs[finite]).max()))
        return worst / scale if scale > 0 else worst


def make_reference(
    f: Callable[[Any], Any],
    x: PyTree[Array],
    *,
    quantity: Quantity,
    vectors: PyTree[Array] | None,
    n_out: int,
    jit: bool,
    brief: bool = False,
    limit_bytes: int | None = None,
    runs: Callable[[], None] = lambda: None,
) -> Reference:
    """Compute the reference for a quantity of `f` at `x`.

    Args:
        f: Function of one pytree.
        x: Point, n_in numbers.
        quantity: What is computed.
        vectors: The stacked vectors of `jmp`, `mjp` and `hvp`.
        n_out: Numbers in the output.
        jit: Whether `f` can be jitted.
        brief: Whether a product is enough, of a Jacobian or a Hessian that has JVPs.
        limit_bytes: What it may take, by prediction; None for any size.
        runs: Called before a program runs.

    Returns:
        The reference, by `jax.jacfwd`, `jax.jacrev`, `jax.hessian`, `jax.jvp` or `jax.vjp`.

    Raises:
        MemoryLimitError: None of them stays within the limit.
    """
    n_in = size(x)
    with jax.enable_x64(True):
        point, stacked = (
            jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), given)
            for given in (x, vectors)
        )

        def run(function: Callable[..., Any], *arguments: Any) -> Any:
            if not jit:
                runs()
                return function(*arguments)
            jitted: Any = (jit_once if brief else jax.jit)(function)
            compiled = jitted.lower(*arguments).compile()
            _check(predicted_bytes(compiled), limit_bytes)
            runs()
            return compiled(*arguments)

        if quantity in ("jmp", "mjp", "hvp"):
            program, arguments = _products(f, quantity), (point, stacked)
        else:
            g, rows = (jax.grad(f), n_in) if quantity == "hessian" else (f, n_out)
            large = n_in * rows > _DENSE_ENTRIES
            if large or brief:
                try:
                    return _contracted(g, point, run)
                except TypeError:  # a custom_vjp has no JVP
                    if large:
                        raise
            hessian = quantity == "hessian"
            program = jax.hessian(f) if hessian else _either(f, forward=n_in <= n_out)
            arguments = (point,)
        try:
            leaves = jax.tree.leaves(run(program, *arguments))
        except MemoryLimitError:
            if quantity in ("jmp", "mjp", "hvp"):
                raise
            return _contracted(jax.grad(f) if quantity == "hessian" else f, point, run)
        return Reference(tuple(np.asarray(leaf, np.float64) for leaf in leaves))


def _either(f: Callable[[Any], Any], *, forward: bool) -> Callable[[Any], Any]:
    """The Jacobian by the cheaper mode of JAX's, by the other where `f` does not allow it."""
    first, second = (jax.jacfwd, jax.jacrev) if forward else (jax.jacrev, jax.jacfwd)

    def program(x: PyTree[Array]) -> Any:
        try:
            return first(f)(x)
        except (TypeError, ValueError):
            return second(f)(x)

    return program


def _products(f: Callable[[Any], Any], quantity: Quantity) -> Callable[[Any, Any], Any]:
    def one(x: PyTree[Array], v: PyTree[Array]) -> Any:
        if quantity == "jmp":
            return jax.jvp(f, (x,), (v,))[1]
        if quantity == "mjp":
            return jax.vjp(f, x)[1](v)[0]
        return jax.jvp(jax.grad(f), (x,), (v,))[1]

    return jax.vmap(one, in_axes=(None, 0))


def _check(needed: int | None, limit_bytes: int | None) -> None:
    if needed is not None and limit_bytes is not None and needed > limit_bytes:
        raise MemoryLimitError(needed, limit_bytes, None)


def _contracted(f: Callable[[Any], Any], x: PyTree[Array], run: Callable[..., Any]) -> Reference:
    rng = np.random.default_rng(0)
    v = jax.tree.map(lambda leaf: rng.standard_normal(leaf.shape), x)

    def forward(x: PyTree[Array], v: PyTree[Array]) -> Any:
        return jax.jvp(f, (x,), (v,))[1]

    pushed = jax.tree.leaves(run(forward, x, v))
    expected = tuple(np.asarray(leaf, np.float64) for leaf in pushed)
    return Reference(expected, v)


def _contract(result: PyTree[Array], v: PyTree[np.ndarray]) -> list[np.ndarray]:
    """Multiply each row of blocks of a Jacobian with the vector, in float64."""
    directions = jax.tree.leaves(v)
    blocks = _blocks(result)
    width = len(directions)
    return [
        np.sum(
            [
                _times(block, direction)
                for block, direction in zip(blocks[i : i + width], directions, strict=True)
            ],
            axis=0,
        )
        for i in range(0, len(blocks), width)
    ]


def _blocks(result: PyTree[Any]) -> list[Any]:
    return jax.tree.leaves(result, is_leaf=lambda each: isinstance(each, BCOO))


def _dense(block: Array | BCOO) -> np.ndarray:
    return np.asarray(block.todense() if isinstance(block, BCOO) else block, np.float64)


def _times(block: Array | BCOO, direction: np.ndarray) -> np.ndarray:
    """Contract a block `(*y.shape, *x.shape)` with a direction `x.shape`, in float64."""
    if not isinstance(block, BCOO):
        return np.tensordot(np.asarray(block, np.float64), direction, direction.ndim)
    split = block.ndim - direction.ndim
    places, values = np.asarray(block.indices).T, np.asarray(block.data, np.float64)
    total = np.zeros(block.shape[:split])
    np.add.at(total, tuple(places[:split]), values * direction[tuple(places[split:])])
    return total
