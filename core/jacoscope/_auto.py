"""The public `jacobian` and `hessian`: they settle what is `auto`, then call the builders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, get_args

from jaxtyping import PyTree

from ._batching import check_batching, check_chunk_size
from ._colored import ColoredMode, WrongPatternError
from ._decompression import Output
from ._diagonal import DIAGONAL_CHUNK, HessianOutput
from ._failure import explained
from ._fit import within
from ._hessian import Order, check_order
from ._jacobian import Mode
from ._limits import read_bytes
from ._mesh import Where, placed_on
from ._point import as_point, checked_pair, unary
from ._program import program
from ._settle import settle
from ._shares import Shares
from ._sparsity import densely, with_coloring
from ._strategy import WAYS, Strategy, Way

Auto = Literal["auto"]


def jacobian(
    f: Callable[..., Any],
    x: PyTree[Any],
    mode: ColoredMode | Auto = "auto",
    batching: Way | Auto = "auto",
    chunk_size: int | None = None,
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    sparsity: Any = None,
    output: Output = "dense",
    device: Where = None,
    memory_limit: int | str | None = None,
    *,
    gather: bool = False,
) -> Any:
    """Build the Jacobian of `f` at `x`, in the mode and batching asked for.

    With both left `auto`, it is the strategy that `autotune` has chosen for this function at these
    shapes, if it has; else, as with one of them given, the one that `advise` estimates to be the
    fastest, among those that are not colored. Traces cleanly under `jax.jit` and `jax.vmap`.

    `colored` computes a sparse Jacobian in as few passes as its columns, or rows, can share. The
    pattern is yours, or proven from the jaxpr for every `x`, or, where neither is to be had and
    `x` is not traced, probed at this `x` for this call. Finding it takes far longer than one
    Jacobian: call it under `jax.jit`, which does so once. What is not traced is checked with one
    random product, and computed densely if a pattern that is not yours fails.

    On several devices the passes are shared: each has a copy of `x` and builds a block of columns,
    or in reverse mode of rows, which stays with it. The result is then one `jax.Array` a leaf with
    a `NamedSharding`. docs/devices.md says how it lies, and what of sizes that do not divide.

    Args:
        f: Function of one pytree; of several arguments with `argnums`.
        x: Point, a pytree of floating-point arrays; with `argnums` other than 0 the tuple of all
            arguments.
        mode: `forward`, one JVP a column; `reverse`, one VJP a row; `linearize`, `f` linearized
            once and its linear map applied to each column's tangent, which trades memory for
            time; or `auto`. With `colored` also `mixed`, some rows in reverse and some columns
            forward; and `auto` takes what needs the fewest passes.
        batching: How the passes are applied: `loop`, `map`, `vmap`, `chunked`, `colored`,
            `folded`, or `auto`, which is `colored` where `sparsity` is given or `output` is
            `bcoo`. `folded` is `vmap` without the work that does not depend on `x`, such as the
            basis times fixed weights: under `jax.jit` that is done once, while tracing.
        chunk_size: Passes at once, for `chunked` and `colored`; on several devices, on each.
        argnums: Which arguments are differentiated; a tuple gives a tuple of Jacobians.
        has_aux: Whether `f` returns `(y, aux)`; the result is then `(J, aux)`. The passes bring
            aux with them and `f` is not evaluated for it: an `f` that returns `(y, y)` gives
            value and Jacobian at once.
        sparsity: Where the Jacobian may be other than zero, over all numbers of `x` and `f(x)`: a
            matrix whose nonzero entries count, dense, of SciPy or a `BCOO`; or a pair of index
            arrays (rows, columns).
        output: `dense`; or, of a colored Jacobian, `bcoo` for a `jax.experimental.sparse.BCOO`
            in place of each array.
        device: Where it is computed, such as `cpu:0` or a `jax.Device`; None leaves it to JAX.
            `all`, for all of `jax.devices()`, a text such as `cpu:0-3`, or a `jax.sharding.Mesh`
            has several devices share the passes; it is compiled for the call then, so call it
            under `jax.jit`.
        memory_limit: Bytes, or a text such as "2GB", for arguments, result and temporaries as
            XLA predicts them, which costs a compilation. `auto` then takes `vmap` if that fits,
            else the largest chunks that do. Under `jax.vmap` it is the limit of one example; on
            several devices, of each.
        gather: Whether each of several devices is to have the whole Jacobian.

    Returns:
        The Jacobian as `jax.jacfwd(f, argnums)` structures it: for each leaf of `f(x)` a pytree
        like `x`, each leaf `(*y.shape, *x.shape)`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point, or `f` is not a function, or with
            `has_aux` it returns no pair.
        ValueError: A word is unknown, or the chunk size, `argnums` or device is off; `sparsity`
            does not fit, or lacks an entry; or no pattern can be had while `x` is traced.
        ImportError: A colored Jacobian needs asdex, which is not installed.
        MemoryLimitError: What was asked for would need more than `memory_limit`.

    >>> import jax.numpy as jnp
    >>> jacobian(lambda x: x**2, jnp.array([1.0, 2.0]), mode="reverse").tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    chosen = _resolve_batching(batching, chunk_size, sparse=sparsity is not None, output=output)
    modes = ("auto", *get_args(ColoredMode if chosen == "colored" else Mode))
    if mode not in modes:
        words = ", ".join(modes)
        raise ValueError(f"`mode` must be one of {words}, but got {mode!r}.")
    g, point = unary(f, x, argnums)
    shares, point = _shared(device, point, chosen, gather=gather)
    pair = g if has_aux else None
    if has_aux:
        g = _first_of(g)
    asked = Strategy("jacobian", None if mode == "auto" else mode, chosen, chunk_size)
    asked = replace(asked, sharded=shares is not None)
    limit = None if memory_limit is None else read_bytes(memory_limit)
    with explained():
        strategy = _settled(asked, g, point, sparsity)
        return _carried_out(
            strategy,
            g,
            point,
            limit,
            free=batching == "auto",
            output=output,
            pair=pair,
            shares=shares,
        )


def hessian(
    f: Callable[[Any], Any],
    x: PyTree[Any],
    order: Order = "forward_over_reverse",
    batching: Way | Auto = "auto",
    chunk_size: int | None = None,
    output: HessianOutput = "dense",
    memory_limit: int | str | None = None,
    device: Where = None,
    *,
    gather: bool = False,
) -> Any:
    """Build the Hessian of a scalar function, one Hessian-vector product a column.

    Args:
        f: Function from one pytree to a number.
        x: Point, a pytree of floating-point arrays.
        order: The order of each product; `full_hessian` is `jax.hessian`, and `linearize` the
            gradient linearized once for all columns.
        batching: How the products are applied: `loop`, `map`, `vmap`, `chunked`, `colored`,
            `folded` or `auto`. `colored` takes one product for many columns of a sparse Hessian,
            and reads half of the entries by symmetry; all that `jacobian` says of it holds here.
        chunk_size: Products at once, for `chunked` and `colored`.
        output: As for `jacobian`; or `diagonal`, for the diagonal alone. It takes the products
            of the whole but the memory of one chunk of them (`auto` takes 64 at once), or with
            `colored` one product for all variables that no second derivative joins: one where
            `f` is separable, two for a chain or a grid.
        memory_limit: As for `jacobian`.
        device: As for `jacobian`; several devices share the products.
        gather: As for `jacobian`.

    Returns:
        The Hessian as `jax.hessian` structures it: a pytree like `x` of pytrees like `x`; its
        diagonal, a pytree like `x`.

    Raises:
        TypeError: `x` is not floating point, or `f(x)` is not a real number.
        ValueError: A word is unknown, or the chunk size is off; or no pattern can be had while
            `x` is traced.
        ImportError: A colored Hessian needs asdex, which is not installed.
        MemoryLimitError: What was asked for would need more than `memory_limit`.

    >>> import jax.numpy as jnp
    >>> hessian(lambda x: jnp.sum(x**3), jnp.array([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    check_order(order)
    if output not in get_args(HessianOutput):
        raise ValueError(f"`output` must be one of dense, bcoo, diagonal, but got {output!r}.")
    diagonal = output == "diagonal"
    if diagonal and batching == "auto" and chunk_size is None:
        chunk_size = DIAGONAL_CHUNK
    chosen = _resolve_batching(
        batching, chunk_size, sparse=False, output="dense" if diagonal else output
    )
    shares, point = _shared(device, as_point(x), chosen, gather=gather)
    strategy = Strategy("hessian", None, chosen, chunk_size, order, sharded=shares is not None)
    if shares is not None and order == "full_hessian":
        raise ValueError(
            "`order='full_hessian'` is `jax.hessian`, on one device; take another order."
        )
    if chosen == "colored" and order == "full_hessian":
        raise ValueError(
            "`order='full_hessian'` is `jax.hessian` and can't be colored; take another order."
        )
    limit = None if memory_limit is None else read_bytes(memory_limit)
    with explained():
        if chosen == "colored":
            strategy = with_coloring(strategy, f, point, diagonal=diagonal)
        elif chosen is None:
            strategy = settle(strategy, f, point, open_order=order == "forward_over_reverse")
        return _carried_out(
            strategy, f, point, limit, free=batching == "auto", output=output, shares=shares
        )


def _shared(
    device: Where, x: PyTree[Any], batching: Way | None, *, gather: bool
) -> tuple[Shares | None, PyTree[Any]]:
    """Return which devices share the passes, None for one alone, and the point put there.

    Raises:
        ValueError: There is no such device, or the batching is for one alone.
    """
    mesh, point = placed_on(device, x)
    if mesh is not None and batching == "folded":
        raise ValueError("`batching='folded'` is for one device; take vmap, or chunked.")
    return None if mesh is None else Shares(mesh, gather), point


def _carried_out(
    strategy: Strategy,
    f: Callable[[Any], Any],
    x: PyTree[Any],
    limit_bytes: int | None,
    *,
    free: bool,
    output: HessianOutput,
    pair: Callable[[Any], Any] | None = None,
    shares: Shares | None = None,
) -> Any:
    """Carry a strategy out; a colored one densely where a pattern that we found has failed.

    `pair` is the function that returns `f`'s output and aux; the result is then a pair as well.
    """
    if limit_bytes is not None:
        strategy = within(strategy, f, x, limit_bytes, free=free, output=output, shares=shares)
    try:
        return program(strategy, pair or f, output, has_aux=pair is not None, shares=shares)(x)
    except WrongPatternError:
        if strategy.coloring is None or strategy.coloring.pattern.known == "given":
            raise
    dense = densely(strategy, f, x, output)
    return _carried_out(
        dense, f, x, limit_bytes, free=True, output=output, pair=pair, shares=shares
    )


def _first_of(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    pair = checked_pair(f, has_aux=True)
    return lambda x: pair(x)[0]


def _settled(asked: Strategy, f: Callable[[Any], Any], x: PyTree[Any], sparsity: Any) -> Strategy:
    """Fill in what is open of a Jacobian; with its coloring, if it is colored."""
    if asked.batching == "colored":
        return with_coloring(asked, f, x, sparsity)
    if asked.mode is None or asked.batching is None:
        return settle(asked, f, x, open_order=True)
    return asked


def _resolve_batching(
    batching: Way | Auto, chunk_size: int | None, *, sparse: bool, output: str
) -> Way | None:
    """Check the batching, and return it; None where it is open."""
    if output not in get_args(Output):
        raise ValueError(f"`output` must be one of dense, bcoo, but got {output!r}.")
    if batching in ("auto", "colored") and (batching == "colored" or sparse or output == "bcoo"):
        check_chunk_size(chunk_size)
        return "colored"
    if sparse or output == "bcoo":
        word = "sparsity" if sparse else "output='bcoo'"
        raise ValueError(f"`{word}` goes with `batching='colored'`, but got {batching!r}.")
    if batching != "auto":
        check_batching(batching, chunk_size, allowed=WAYS)
        return batching
    if chunk_size is None:
        return None
    check_batching("chunked", chunk_size)
    return "chunked"
