"""`explore`: the one function that notebooks, scripts and the page begin with.

Panel is loaded at its first call, not with this module: the workers start meanwhile.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._explorer import Explorer
    from ._jobs import Runner
    from ._policy import Policy


def explore(
    f: Callable[..., Any] | None = None,
    *args: Any,
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    runner: Runner | None = None,
    policy: Policy | None = None,
    **fixed: Any,
) -> Explorer:
    """Explore how JAX differentiates a function: one of the gallery's, or your own.

    In a notebook the result shows itself; `.servable()` makes it the page of `panel serve`.

    Args:
        f: Function of one pytree, or of several; None for the gallery.
        *args: What `f` is called with: pytrees of floating-point arrays where it is
            differentiated, anything elsewhere.
        argnums: Which of several arguments are differentiated, as for `jax.jacfwd`.
        has_aux: Whether `f` returns a pair of which only the first is differentiated.
        runner: Where work runs; None for this machine's worker processes.
        policy: Whether code that is typed on the page may run. None decides by where this is: yes
            in a notebook or a script, under `panel serve` only with `JACOSCOPE_ALLOW_CODE=1`.
        **fixed: Keyword arguments of `f`, which stay as they are.

    Raises:
        TypeError: `f` comes without a point, or is no function, or something can't travel to a
            worker.
        ValueError: `argnums` names an argument that is not there.

    Example:
        explorer = explore(lambda x: jnp.tanh(A @ x), jnp.ones(3))
    """
    if f is None:
        if args or fixed:
            raise TypeError("A point came without a function. Call `explore(f, x)`.")
        return _explorer(policy=policy, runner=runner)
    if not callable(f):
        raise TypeError(f"`f` must be a function, but got {type(f).__name__}.")
    if not args and "x" in fixed:
        args = (fixed.pop("x"),)
    if not args:
        raise TypeError("`f` came without a point. Call `explore(f, x)`.")
    from jacoscope.run import function_target

    title = getattr(f, "__name__", type(f).__name__)
    function, x = _of_one(_first_of(f) if has_aux else f, args, argnums, fixed)
    own = function_target(function, x, title=title)
    return _explorer(own=own, policy=policy, runner=runner)


def _explorer(*, runner: Runner | None, **options: Any) -> Explorer:
    if runner is None:
        _workers_on_their_way()
    from ._browser import query_here
    from ._explorer import Explorer

    return Explorer(runner=runner, query=query_here(), **options)


def _workers_on_their_way() -> None:
    from jacoscope.run import local_runner

    local_runner().start()


def _of_one(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    argnums: int | tuple[int, ...],
    fixed: dict[str, Any],
) -> tuple[Callable[..., Any], Any]:
    """Return a function of what is differentiated alone, and its point."""
    function = functools.partial(f, **fixed) if fixed else f
    if len(args) == 1 and argnums == 0:
        return function, args[0]
    from jacoscope._point import unary

    chosen = (argnums,) if isinstance(argnums, int) else argnums  # a tuple: `x` is all arguments
    reduced, points = unary(function, args, chosen)
    return (reduced, points) if isinstance(argnums, tuple) else _of_first(reduced, points)


def _of_first(f: Callable[..., Any], points: tuple[Any, ...]) -> tuple[Callable[..., Any], Any]:
    return lambda x: f((x,)), points[0]


def _first_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function of the first of a pair that `f` returns."""

    def first(*args: Any, **fixed: Any) -> Any:
        returned = f(*args, **fixed)
        if not (isinstance(returned, tuple) and len(returned) == 2):
            raise TypeError(
                "`f` must return a pair `(y, aux)` with `has_aux=True`, but returned"
                f" {type(returned).__name__}."
            )
        return returned[0]

    return first
