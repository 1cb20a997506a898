"""The public `jacobian` and `hessian`: they settle what is `auto`, then call the builders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import jax
from jaxtyping import PyTree

from ._advice import textbook_mode
from ._batching import Batching, check_batching
from ._devices import Device, find_device
from ._fit import within
from ._hessian import Order, check_order
from ._jacobian import Mode
from ._limits import read_bytes
from ._point import as_point, size, unary
from ._program import program
from ._strategy import Strategy

Auto = Literal["auto"]


def jacobian(
    f: Callable[..., Any],
    x: PyTree[Any],
    mode: Mode | Auto = "auto",
    batching: Batching | Auto = "auto",
    chunk_size: int | None = None,
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    device: str | Device | None = None,
    memory_limit: int | str | None = None,
) -> Any:
    """Build the Jacobian of `f` at `x`, in the mode and batching asked for.

    `auto` takes the mode with fewer passes and applies them at once with `vmap`; with a
    `chunk_size` and batching `auto`, by chunks. Traces cleanly under `jax.jit` and `jax.vmap`.

    Args:
        f: Function of one pytree; of several arguments with `argnums`.
        x: Point, a pytree of floating-point arrays; with `argnums` other than 0 the tuple of all
            arguments.
        mode: `forward`, one JVP a column; `reverse`, one VJP a row; `linearize`, `f` linearized
            once and its linear map applied to each column's tangent, which trades memory for
            time; or `auto`.
        batching: How the passes are applied: `loop`, `map`, `vmap`, `chunked` or `auto`.
        chunk_size: Passes at once, for `chunked`.
        argnums: Which arguments are differentiated; a tuple gives a tuple of Jacobians.
        has_aux: Whether `f` returns `(y, aux)`; the result is then `(J, aux)`.
        device: Where it is computed, such as `cpu:0` or a `jax.Device`; None leaves it to JAX.
        memory_limit: Bytes, or a text such as "2GB", for arguments, result and temporaries as
            XLA predicts them, which costs a compilation. `auto` then takes `vmap` if that fits,
            else the largest chunks that do.

    Returns:
        The Jacobian as `jax.jacfwd(f, argnums)` structures it: for each leaf of `f(x)` a pytree
        like `x`, each leaf `(*y.shape, *x.shape)`.

    Raises:
        TypeError: `x` or `f(x)` is not floating point, or `f` is not a function.
        ValueError: A word is unknown, or the chunk size, `argnums` or device is off.
        MemoryLimitError: What was asked for would need more than `memory_limit`.

    >>> import jax.numpy as jnp
    >>> jacobian(lambda x: x**2, jnp.array([1.0, 2.0]), mode="reverse").tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    if mode not in ("auto", *get_args(Mode)):
        words = ", ".join(("auto", *get_args(Mode)))
        raise ValueError(f"`mode` must be one of {words}, but got {mode!r}.")
    chosen = _resolve_batching(batching, chunk_size)
    g, point = unary(f, x, argnums)
    if device is not None:
        point = jax.device_put(point, find_device(device))
    aux = None
    if has_aux:
        _, aux = g(point)
        g = _first_of(g)
    resolved = resolve_mode(g, point) if mode == "auto" else mode
    strategy = Strategy("jacobian", resolved, chosen, chunk_size)
    if memory_limit is not None:
        strategy = within(strategy, g, point, read_bytes(memory_limit), free=batching == "auto")
    result = program(strategy, g)(point)
    return (result, aux) if has_aux else result


def hessian(
    f: Callable[[Any], Any],
    x: PyTree[Any],
    order: Order = "forward_over_reverse",
    batching: Batching | Auto = "auto",
    chunk_size: int | None = None,
    memory_limit: int | str | None = None,
) -> Any:
    """Build the Hessian of a scalar function, one Hessian-vector product a column.

    Args:
        f: Function from one pytree to a number.
        x: Point, a pytree of floating-point arrays.
        order: The order of each product; `full_hessian` is `jax.hessian`, and `linearize` the
            gradient linearized once for all columns.
        batching: How the products are applied: `loop`, `map`, `vmap`, `chunked` or `auto`.
        chunk_size: Products at once, for `chunked`.
        memory_limit: As for `jacobian`.

    Returns:
        The Hessian as `jax.hessian` structures it: a pytree like `x` of pytrees like `x`.

    Raises:
        TypeError: `x` is not floating point, or `f(x)` is not a real number.
        ValueError: A word is unknown, or the chunk size is off.
        MemoryLimitError: What was asked for would need more than `memory_limit`.

    >>> import jax.numpy as jnp
    >>> hessian(lambda x: jnp.sum(x**3), jnp.array([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    check_order(order)
    chosen = _resolve_batching(batching, chunk_size)
    point = as_point(x)
    strategy = Strategy("hessian", None, chosen, chunk_size, order)
    if memory_limit is not None:
        strategy = within(strategy, f, point, read_bytes(memory_limit), free=batching == "auto")
    return program(strategy, f)(point)


def _first_of(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: f(x)[0]


def resolve_mode(f: Callable[[Any], Any], x: PyTree[Any]) -> Mode:
    """Choose a mode by the shapes of `x` and `f(x)`; runs `f` only where it can't be traced."""
    try:
        y = jax.eval_shape(f, x)
    except jax.errors.ConcretizationTypeError:  # f branches on values: run it
        y = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), f(x))
    return textbook_mode(size(x), size(y))


def _resolve_batching(batching: str, chunk_size: int | None) -> Batching:
    chosen = ("vmap" if chunk_size is None else "chunked") if batching == "auto" else batching
    check_batching(chosen, chunk_size)
    return chosen  # pyright: ignore[reportReturnType] (checked above)
