"""Code for a dense Jacobian or Hessian: a pass a column or row, in a loop, map, vmap or chunks."""

from __future__ import annotations

from dataclasses import dataclass

from ._code_parts import (
    SECOND,
    Pass,
    applied,
    blocks,
    comment,
    defined,
    first_order,
    second_order,
)
from ._strategy import Strategy

_BUILTIN = {
    "jax.jacfwd": "one JVP a column, all at once",
    "jax.jacrev": "one VJP a row, all at once",
    "jax.hessian": "jax.jacfwd of jax.jacrev, all columns at once",
}
_FIRST = {
    "forward": "one JVP",
    "reverse": "one VJP",
    "linearize": "f linearized once, and one linear pass",
}


@dataclass(frozen=True)
class _Sides:
    """What differs between columns and rows, arrays and pytrees.

    Attributes:
        line: `column`, or `row` in reverse.
        count: How many of them.
        axis: Where they go in the whole.
        seed: The assignment of the i-th basis vector.
        zeros: The whole before the first chunk; its `n` lines along `axis`.
    """

    line: str
    count: str
    axis: int
    seed: str
    zeros: str


def dense_code(strategy: Strategy, f: str, *, pytree: bool, jit: bool) -> list[str]:
    """Write a dense Jacobian or Hessian.

    Args:
        strategy: Not a colored one, and of no product.
        f: The name of the function.
        pytree: Whether `x` or `f(x)` is one.
        jit: Whether it is jitted.
    """
    name = strategy.quantity
    builtin = "jax.hessian" if strategy.order == "full_hessian" else strategy.builtin
    if builtin is not None:
        made = f"{builtin}({f})"
        return [
            *comment(f"{builtin}: {_BUILTIN[builtin]}."),
            f"{name} = {f'jax.jit({made})' if jit else made}",
        ]
    if name == "hessian":
        order = strategy.order or "forward_over_reverse"
        made, what = second_order(order, f), SECOND[order]
    else:
        made, what = first_order(strategy.mode or "forward", f), _FIRST[strategy.mode or "forward"]
    body = (_pytree_body if pytree else _array_body)(strategy, made, f)
    line = "row" if _by_rows(strategy) else "column"
    how = applied(strategy.batching, strategy.chunk_size, _whole(strategy))
    return [
        *comment(f"{strategy.name}: {what} a {line}, {how}."),
        *defined(name, "x", body, jit=jit),
    ]


def _whole(strategy: Strategy) -> str:
    return "H" if strategy.quantity == "hessian" else "J"


def _by_rows(strategy: Strategy) -> bool:
    return strategy.quantity == "jacobian" and strategy.mode == "reverse"


def _array_body(strategy: Strategy, made: Pass, f: str) -> list[str]:
    whole, hessian = _whole(strategy), strategy.quantity == "hessian"
    y = "x" if hessian else "y"
    setup = list(made.setup)
    if strategy.batching == "chunked" and not hessian and not made.knows_y:
        setup.append(f"y = jax.eval_shape({f}, x)")
    if _by_rows(strategy):
        seed = "u = (jnp.arange(y.size) == i).astype(y.dtype).reshape(y.shape)"
        sides = _Sides("row", "y.size", 0, seed, "jnp.zeros((n, *x.shape), x.dtype)")
        shape = "y.shape"
    else:
        seed = "v = (jnp.arange(x.size) == i).astype(x.dtype).reshape(x.shape)"
        sides = _Sides("column", "x.size", -1, seed, f"jnp.zeros((*{y}.shape, n), {y}.dtype)")
        shape = f"{whole}.shape[:-1]"
    return [
        *_build(strategy, sides, setup, made.product, []),
        f"return {whole}.reshape({shape} + x.shape)",
    ]


def _pytree_body(strategy: Strategy, made: Pass, f: str) -> list[str]:
    whole, hessian = _whole(strategy), strategy.quantity == "hessian"
    y, unravel = ("flat", "unravel") if hessian else ("flat_y", "unravel_y")
    setup = [*made.setup, "flat, unravel = ravel_pytree(x)"]
    if not hessian:
        setup.append(f"flat_y, unravel_y = ravel_pytree({'y' if made.knows_y else f'{f}(x)'})")
    if _by_rows(strategy):
        seed = "u = unravel_y((jnp.arange(flat_y.size) == i).astype(flat_y.dtype))"
        zeros = "jnp.zeros((n, flat.size), flat.dtype)"
        sides = _Sides("row", "flat_y.size", 0, seed, zeros)
    else:
        seed = "v = unravel((jnp.arange(flat.size) == i).astype(flat.dtype))"
        sides = _Sides("column", "flat.size", -1, seed, f"jnp.zeros(({y}.size, n), {y}.dtype)")
    product = f"ravel_pytree({made.product})[0]"
    like = "jax.hessian" if hessian else "jax.jacfwd"
    return [
        *_build(strategy, sides, setup, product, [*blocks("flat.size"), ""]),
        f"return jax.tree.map(blocks, jax.vmap({unravel}, -1, -1)({whole}))  # as {like}'s",
    ]


def _build(
    strategy: Strategy, sides: _Sides, setup: list[str], product: str, more: list[str]
) -> list[str]:
    """Return the lines that build the whole: the setup, one line of it, and all of them."""
    whole, line, count = _whole(strategy), sides.line, sides.count
    out = "" if sides.axis == 0 else f", out_axes={sides.axis}"
    head, step = list(setup), []
    match strategy.batching:
        case "map":
            made = f"jax.lax.map({line}, jnp.arange({count}))"
            made = made if sides.axis == 0 else f"jnp.moveaxis({made}, 0, {sides.axis})"
        case "loop":
            end = "" if sides.axis == 0 else f", axis={sides.axis}"
            made = f"jnp.stack([{line}(i) for i in range({count})]{end})"
        case "chunked":
            head.append(f"n, chunk = {count}, min({strategy.chunk_size}, {count})")
            put = f"{whole}, {line}s, start, axis={sides.axis}"
            step = [
                f"def step(k, {whole}):",
                "    start = jnp.minimum(k * chunk, n - chunk)  # the last one moves back to fit",
                f"    {line}s = jax.vmap({line}{out})(start + jnp.arange(chunk))",
                f"    return jax.lax.dynamic_update_slice_in_dim({put})",
                "",
            ]
            made = f"jax.lax.fori_loop(0, -(-n // chunk), step, {sides.zeros})"
        case _:
            made = f"jax.vmap({line}{out})(jnp.arange({count}))"
    return [
        *head,
        *([""] if head else []),
        f"def {line}(i):",
        f"    {sides.seed}",
        f"    return {product}",
        "",
        *step,
        *more,
        f"{whole} = {made}",
    ]
