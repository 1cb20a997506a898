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
    try:
        return snippet(strategy, quantity=quantity, pytree=has_pytree(explorer))
    except ValueError as error:  # there is none; the sentence says what does it
        return f"# {error}\n"


def has_pytree(explorer: Explorer) -> bool:
    """Whether the point on the page or its image is a pytree; True until it is known."""
    matrix = explorer.session.matrix
    return matrix.state != "ok" or matrix.picture["pytree"]
