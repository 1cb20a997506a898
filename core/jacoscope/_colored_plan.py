"""Which colored strategies a comparison measures: those that need fewer passes than dense ones.

Finding a pattern may take seconds, so it is looked for only where a few columns of the
Jacobian say that it is sparse, or where the user gives one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ._asdex import import_asdex
from ._colored import ColoredMode, check_entries, hessian_part, jacobian_part
from ._coloring import color
from ._failure import Failure, attempt
from ._hessian import gradient
from ._probing import density
from ._scene import Scene
from ._sparsity import direction_of, find_pattern
from ._strategy import Quantity, Strategy

_FEWEST = 16  # passes of a dense Jacobian below which there is nothing to win
_DENSEST = 1 / 3
_MOST_ENTRIES = 4_000_000  # to detect these takes minutes
_MODES: tuple[ColoredMode, ...] = ("forward", "reverse", "mixed")


@dataclass(frozen=True)
class ColoredPlan:
    """What to measure.

    Attributes:
        strategies: With their colorings, or without where they have failed.
        failed: Name → status and sentence, of those that have.
    """

    strategies: tuple[Strategy, ...] = ()
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def plan_colored(
    quantity: Quantity,
    scene: Scene,
    sparsity: Any = None,
    *,
    failed: Mapping[str, Any],
    start: Callable[[str], None] = lambda name: None,
) -> ColoredPlan:
    """List the colored strategies of a comparison, best colorings only.

    Args:
        quantity: What is computed; only a Jacobian or a Hessian can be colored.
        scene: The function and its point.
        sparsity: The pattern that the user gives; None for none.
        failed: Strategies that have failed before and are not looked into again.
        start: Called with a strategy's name before a pattern is looked for.
    """
    if quantity == "hessian":
        strategy = Strategy(quantity, None, "colored", order="forward_over_reverse")
    elif quantity == "jacobian":
        strategy = Strategy(quantity, "forward", "colored")
    else:
        return ColoredPlan()
    if strategy.name in failed:
        return ColoredPlan((strategy,))
    if sparsity is None and not _looks_sparse(quantity, scene):
        return ColoredPlan()
    start(strategy.name)
    found = attempt(lambda: _colored(strategy, scene, sparsity))
    if isinstance(found, Failure):
        return ColoredPlan((strategy,), {strategy.name: (found.status, found.message)})
    return ColoredPlan(tuple(found))


def _looks_sparse(quantity: Quantity, scene: Scene) -> bool:
    n_out = scene.n_in if quantity == "hessian" else scene.n_out
    if min(scene.n_in, n_out) < _FEWEST:
        return False
    f = gradient(scene.f) if quantity == "hessian" else scene.f
    share = attempt(lambda: density(f, scene.x))
    if isinstance(share, Failure) or share is None:
        return False
    return share <= _DENSEST and share * scene.n_in * n_out <= _MOST_ENTRIES


def _colored(strategy: Strategy, scene: Scene, sparsity: Any) -> list[Strategy]:
    """Find the pattern, color it, and keep what needs fewer passes.

    Raises:
        ImportError: asdex is not installed.
        TypeError: The given pattern is of a kind that is not read.
        ValueError: The given pattern does not fit, or lacks an entry.
    """
    import_asdex()
    hessian = strategy.quantity == "hessian"
    start = time.perf_counter()
    pattern = find_pattern(gradient(scene.f) if hessian else scene.f, scene.x, sparsity)
    prep_s = time.perf_counter() - start
    kept: list[Strategy] = []
    by_columns = None
    for mode in (None,) if hessian else _MODES:
        start = time.perf_counter()
        coloring = color(pattern, direction_of(mode), by_columns)
        by_columns = coloring if mode == "forward" else by_columns
        coloring = replace(coloring, prep_s=prep_s + time.perf_counter() - start)
        made = replace(strategy, mode=mode, coloring=coloring)
        dense = replace(made, coloring=None).passes(scene.n_in, scene.n_out, 1)
        rivals = [each.passes(scene.n_in, scene.n_out, 1) for each in kept]
        if coloring.passes < (min([*rivals, dense]) if mode == "mixed" else dense):
            kept.append(made)
    if pattern.known == "given" and kept:
        first, f, x = kept[0], scene.f, scene.x
        part = (
            hessian_part(f, x, "forward_over_reverse")
            if hessian
            else jacobian_part(f, x, first.mode or "forward")
        )
        assert first.coloring is not None
        check_entries(part, x, first.coloring)
    return kept
