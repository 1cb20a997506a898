"""Which strategies came out wrong: a result far from the reference, where others are close to it.

A compiler can be at fault: XLA on CPU was seen to fuse reductions so that jitted reverse mode, of
JAX's own too, had an error of 0.59, and of none without its YNN fusions (jaxlib 0.10). However
fast, such a strategy is no choice. Where all are far from the reference alike, the function is
ill-conditioned at this precision, and none is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from ._measurement import Measurement

_FAR = 0.01  # of the largest entry
_WITHOUT = "XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type="
_FACTOR = 100  # above the smallest error of the study


def wrong_strategies(rows: Iterable[Measurement]) -> set[str]:
    """Name the strategies whose result is wrong; see the module's docstring.

    >>> row = Measurement(quantity="jacobian", strategy="a", error=1e-7)
    >>> wrong_strategies([row, row.but(strategy="b", error=0.5)])
    {'b'}
    """
    errors = {row.strategy: row.error for row in rows if row.error is not None}
    limit = max(_FAR, _FACTOR * min(errors.values(), default=0.0))
    return {name for name, error in errors.items() if error > limit}


def wrong_message(error: float) -> str:
    """Return the sentence that stands on the row of a wrong strategy."""
    if error == float("inf"):
        return (
            "Wrong: it is NaN or infinite where JAX's own derivative in float64 is finite, or the"
            " other way round, and others are not. Where a derivative is infinite, as of `sqrt`"
            " at 0, modes come to differ in that: try another `x`."
        )
    return (
        f"Wrong: it differs from JAX's own derivative in float64 by {error:.2g} of the largest"
        " entry, and others do not. Don't use it here. On a CPU, XLA's YNN fusions were seen to"
        f" cause that; {_WITHOUT} in the environment turns them off."
    )
