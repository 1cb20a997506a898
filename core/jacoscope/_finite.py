"""How much of a result is NaN or infinite: it is a result all the same, but one to speak of."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

_AT_ONCE = 2**20  # numbers, so that looking takes no memory to speak of


def not_finite(result: PyTree[Any]) -> tuple[int, int]:
    """Count the numbers of a result that are NaN or infinite, and all of them.

    >>> not_finite([jnp.array([1.0, jnp.nan]), jnp.array(jnp.inf)])
    (2, 3)
    """
    bad = total = 0
    for leaf in jax.tree.leaves(result):
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.inexact):
            continue  # the places of sparse entries
        flat = np.asarray(leaf).reshape(-1)
        total += flat.size
        for start in range(0, flat.size, _AT_ONCE):
            bad += int(np.count_nonzero(~np.isfinite(flat[start : start + _AT_ONCE])))
    return bad, total


def said_of_entries(result: PyTree[Any]) -> str:
    """Return the sentence for a derivative that is not finite; empty for one that is."""
    bad, total = not_finite(result)
    if not bad:
        return ""
    return (
        f"{bad:,} of its {total:,} entries {_are(bad)} NaN or infinite: there is no finite"
        " derivative at this `x`, or it overflows. Try another `x`, or float64."
    )


def said_of_output(y: PyTree[Any]) -> str:
    """Return the sentence for a value of `f` that is not finite; empty for one that is."""
    bad, total = not_finite(y)
    if not bad:
        return ""
    return f"At this `x`, {bad:,} of the {total:,} values of `f(x)` {_are(bad)} NaN or infinite."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
