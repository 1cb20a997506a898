"""A strategy's script in plain JAX, for the function on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jacoscope import snippet

if TYPE_CHECKING:
    from .._explorer import Explorer


def script(explorer: Explorer, strategy: str, quantity: Any) -> str:
    """Return the script; as for a pytree until it is known that there is none.

    Args:
        explorer: Whose function it is for.
        strategy: The name.
        quantity: What it computes.
    """
    matrix = explorer.session.matrix
    pytree = matrix.state != "ok" or matrix.picture["pytree"]
    return snippet(strategy, quantity=quantity, pytree=pytree)
