"""The strategies of a comparison made ready, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from ._gate import Gate
from ._prepare import Prepared, blank_row, prepare, too_late
from ._progress import Progress
from ._scene import Options, Scene
from ._strategy import Strategy

_SHARE = 0.6  # of the time limit, from its start


def line_up(
    strategies: Iterable[Strategy], scene: Scene, options: Options, gate: Gate, progress: Progress
) -> dict[str, Prepared]:
    """Make each strategy ready that there is time for, and tell of each.

    Returns:
        Name → what became of it, in the order given.
    """
    waiting = list(strategies)
    prepared: dict[str, Prepared] = {}
    for strategy in waiting:
        progress.stage(strategy.name, "compile", len(prepared), len(waiting))
        made = lost(strategy, scene, options)
        if made is None and time.perf_counter() > progress.begin + _SHARE * options.time_limit:
            made = Prepared(too_late(blank_row(strategy, scene), "compile"))
        prepared[strategy.name] = made or prepare(strategy, scene, gate, progress)
        progress.rows([prepared[strategy.name].row])
    return prepared


def lost(strategy: Strategy, scene: Scene, options: Options) -> Prepared | None:
    """Return what became of a strategy that an earlier worker has died of; None for others."""
    if strategy.name not in options.failed:
        return None
    status, message = options.failed[strategy.name]
    return Prepared(blank_row(strategy, scene).but(status=status, message=message))


def any_ready(prepared: Mapping[str, Prepared]) -> bool:
    """Say whether there is one to time."""
    return any(each.call is not None for each in prepared.values())
