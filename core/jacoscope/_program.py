"""From a strategy, as plain data, to the function that carries it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, assert_never

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from ._batching import batched
from ._colored import build_colored, hessian_part, jacobian_part
from ._diagonal import HessianOutput, build_colored_diagonal, build_diagonal
from ._folding import Folded
from ._hessian import build_hessian, hvp_product
from ._jacobian import build_jacobian
from ._products import pull_stack, push_stack
from ._sharded import SharedColors, spread_dense
from ._shares import Shares
from ._spread import spread_vectors
from ._strategy import Builtin, Quantity, Strategy


def program(
    strategy: Strategy,
    f: Callable[[Any], Any],
    output: HessianOutput = "dense",
    *,
    has_aux: bool = False,
    shares: Shares | None = None,
) -> Callable[..., Any]:
    """Return the function of `x`, or of `(x, vectors)`, that carries a strategy out.

    Args:
        strategy: What to do; with its coloring, if it is a colored one.
        f: Function of one pytree.
        output: `dense`; of a colored strategy also `bcoo`, of a Hessian also `diagonal`.
        has_aux: Of a Jacobian: whether `f` returns `(y, aux)`, and the function `(J, aux)`.
        shares: The devices that share the passes of a sharded strategy.
    """
    assert strategy.quantity == "jacobian" or not has_aux
    if strategy.sharded:
        assert shares is not None
        return _sharded(strategy, f, output, has_aux=has_aux, shares=shares)
    mode, order = strategy.mode or "forward", strategy.order or "forward_over_reverse"
    batching, chunk = strategy.batching or "vmap", strategy.chunk_size
    if strategy.builtin is not None:
        return _builtin(strategy.builtin)(f, has_aux=has_aux)
    coloring = strategy.coloring
    if batching == "colored":
        assert coloring is not None

        def colored(x: PyTree[Array]) -> Any:
            if strategy.quantity == "hessian":
                part = hessian_part(f, x, order)
                if output == "diagonal":
                    assert part.push is not None
                    return build_colored_diagonal(part.push, x, coloring=coloring, chunk_size=chunk)
            else:
                part = jacobian_part(f, x, mode, has_aux=has_aux)
            assert output != "diagonal"
            return build_colored(
                part, x, coloring=coloring, chunk_size=chunk, output=output, has_aux=has_aux
            )

        return colored
    assert mode != "mixed"
    if batching == "folded":
        return Folded(program(replace(strategy, batching="vmap"), f, output, has_aux=has_aux))
    match strategy.quantity:
        case "jacobian":
            return lambda x: build_jacobian(
                f, x, mode=mode, batching=batching, chunk_size=chunk, has_aux=has_aux
            )
        case "hessian" if output == "diagonal":
            return lambda x: build_diagonal(f, x, order=order, batching=batching, chunk_size=chunk)
        case "hessian":
            return lambda x: build_hessian(f, x, order=order, batching=batching, chunk_size=chunk)
        case "jmp":
            return lambda x, vectors: push_stack(f, x, vectors, batching, chunk)
        case "mjp":
            return lambda x, vectors: pull_stack(f, x, vectors, batching, chunk)
        case "hvp":

            def products(x: PyTree[Array], vectors: PyTree[Array]) -> PyTree[Array]:
                product = hvp_product(f, x, order)
                count = len(jax.tree.leaves(vectors)[0])
                return batched(product, vectors, count, batching=batching, chunk_size=chunk, axis=0)

            return products
        case never:
            assert_never(never)


def _sharded(
    strategy: Strategy,
    f: Callable[[Any], Any],
    output: HessianOutput,
    *,
    has_aux: bool,
    shares: Shares,
) -> Callable[..., Any]:
    """Return the function that carries a strategy out on all devices of a mesh."""
    batching, chunk = strategy.batching or "vmap", strategy.chunk_size
    order = strategy.order or "forward_over_reverse"
    hessian = strategy.quantity == "hessian"
    if batching == "colored":
        assert strategy.coloring is not None
        return SharedColors(
            f=f,
            mode=strategy.mode,
            order=order if hessian else None,
            coloring=strategy.coloring,
            chunk_size=chunk,
            output=output,
            has_aux=has_aux,
            shares=shares,
        )
    assert batching != "folded"
    match strategy.quantity:
        case "jmp":
            return lambda x, vectors: push_stack(f, x, vectors, batching, chunk, shares)
        case "mjp":
            return lambda x, vectors: pull_stack(f, x, vectors, batching, chunk, shares)
        case "hvp":
            return lambda x, vectors: spread_vectors(
                lambda x: hvp_product(f, x, order),
                x,
                x,
                vectors,
                len(jax.tree.leaves(vectors)[0]),
                batching=batching,
                chunk_size=chunk,
                shares=shares,
            )
        case "jacobian" | "hessian":
            mode = strategy.mode or "forward"
            assert mode != "mixed"

            def local(x: PyTree[Array]) -> Any:
                how: Any = {"batching": batching, "chunk_size": chunk, "shares": shares}
                if not hessian:
                    return build_jacobian(f, x, mode=mode, has_aux=has_aux, **how)
                build = build_diagonal if output == "diagonal" else build_hessian
                return build(f, x, order=order, **how)

            return lambda x: spread_dense(
                local,
                f,
                x,
                shares,
                hessian=hessian,
                by_rows=mode == "reverse",
                diagonal=output == "diagonal",
                has_aux=has_aux,
            )
        case never:
            assert_never(never)


def draw_vectors(
    quantity: Quantity, x: PyTree[Array], y: PyTree[Any], count: int
) -> PyTree[Array] | None:
    """Draw the seeded vectors that `jmp`, `mjp` or `hvp` multiply; None for the others.

    Args:
        quantity: What is computed.
        x: The point.
        y: The output or its shapes.
        count: How many vectors.

    Returns:
        A pytree like `x` (or like `y` for `mjp`), each leaf `(count, *leaf.shape)`, normal.
    """
    if quantity not in ("jmp", "mjp", "hvp"):
        return None
    leaves, structure = jax.tree.flatten(y if quantity == "mjp" else x)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    draws = [
        jax.random.normal(key, (count, *leaf.shape), jnp.float32).astype(leaf.dtype)
        for key, leaf in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, draws)


def _builtin(name: Builtin) -> Callable[..., Callable[..., Any]]:
    match name:
        case "jax.jacfwd":
            return jax.jacfwd
        case "jax.jacrev":
            return jax.jacrev
        case "jax.hessian":
            return jax.hessian
        case never:
            assert_never(never)
