"""`explore`: the one function that notebooks, scripts and the page begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._browser import query_here
from ._explorer import Explorer
from ._jobs import Runner
from ._policy import Policy


def explore(
    f: Callable[..., Any] | None = None,
    x: Any = None,
    *,
    runner: Runner | None = None,
    policy: Policy | None = None,
) -> Explorer:
    """Explore how JAX differentiates a function: one of the gallery's, or your own.

    In a notebook the result shows itself; `.servable()` makes it the page of `panel serve`.

    Args:
        f: Function of one pytree; None for the gallery.
        x: Point to differentiate `f` at, a pytree of floating-point arrays.
        runner: Where work runs; None for this machine's worker processes.
        policy: Whether code that is typed on the page may run. None decides by where this is: yes
            in a notebook or a script, under `panel serve` only with `JACOSCOPE_ALLOW_CODE=1`.

    Raises:
        TypeError: `f` comes without `x`, or one of them can't travel to a worker.

    Example:
        explorer = explore(lambda x: jnp.tanh(A @ x), jnp.ones(3))
    """
    if f is None:
        if x is not None:
            raise TypeError("`x` came without a function. Call `explore(f, x)`.")
        return Explorer(runner=runner, policy=policy, query=query_here())
    if not callable(f):
        raise TypeError(f"`f` must be a function, but got {type(f).__name__}.")
    if x is None:
        raise TypeError("`f` came without a point. Call `explore(f, x)`.")
    from jacoscope.run import function_target

    own = function_target(f, x)
    return Explorer(own=own, policy=policy, runner=runner, query=query_here())
