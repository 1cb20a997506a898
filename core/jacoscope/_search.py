"""The strategies of a tuning made ready: the likeliest to win first, as many as time allows.

Once one is ready, two are on their way at a time: one is compiled by XLA, which needs no Python,
while the other is traced or run. Where a worker has died, or a memory limit is to be kept, there is
one all the time.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ._gate import Gate
from ._lineup import any_ready, lost
from ._prepare import Begun, Prepared, begin, blank_row, finish, too_late
from ._progress import Progress
from ._scene import Options, Scene
from ._shortlist import Shortlist
from ._strategy import Strategy
from ._timing import glance

_BEGIN_SHARE, _END_SHARE = 0.7, 0.85  # of the time limit, from its start
_AT_ONCE = 2


def search(
    shortlist: Shortlist, scene: Scene, options: Options, gate: Gate, progress: Progress
) -> dict[str, Prepared]:
    """Make candidates ready until the time for it is over, but one at least.

    Args:
        shortlist: Hands candidates out, and learns how many seconds a call of each takes.
        scene: What they differentiate.
        options: With the time limit, in seconds.
        gate: Refuses what would not fit.
        progress: Is told of each.

    Returns:
        Name → what became of it; the candidates that were not reached come last.
    """
    hunt = _Search(shortlist, scene, options, gate, progress)
    hunt.run()
    missed = {
        each.name: Prepared(too_late(blank_row(each, scene), "compile"))
        for each in shortlist.waiting
        if each.name not in hunt.prepared
    }
    progress.rows(each.row for each in missed.values())
    return {**hunt.prepared, **missed}


@dataclass
class _Search:
    shortlist: Shortlist
    scene: Scene
    options: Options
    gate: Gate
    progress: Progress
    tried: list[Strategy] = field(default_factory=list)
    prepared: dict[str, Prepared] = field(default_factory=dict)
    flying: dict[Future[Any], tuple[Begun, float]] = field(default_factory=dict)  # and since when
    fitting: list[Strategy] = field(default_factory=list)  # in place of what was refused
    longest_s: float = 0.0  # that one has taken

    def run(self) -> None:
        """Make ready what fits of what was refused, then what the shortlist hands out."""
        careful = self.options.one_at_a_time or self.options.memory_limit is not None
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            while True:
                at_once = 1 if careful or not any_ready(self.prepared) else _AT_ONCE
                while len(self.flying) < at_once and self._in_time():
                    strategy = self._next()
                    if strategy is None:
                        break
                    self._begin(strategy, threads)
                if not self.flying:
                    return
                self._tell(next(iter(self.flying.values()))[0].strategy)
                for future in wait(self.flying, return_when=FIRST_COMPLETED).done:
                    begun, since = self.flying.pop(future)
                    self._tell(begun.strategy)
                    made = finish(begun, future.result(), self.scene, self.gate, self.progress)
                    self._land(begun.strategy, made)
                    self.longest_s = max(self.longest_s, time.perf_counter() - since)

    def _in_time(self) -> bool:
        """Whether one more may be begun; the first that is ready may take longer."""
        if not self.flying and not any_ready(self.prepared):
            return True
        gone = time.perf_counter() - self.progress.begin
        limit = self.options.time_limit
        return gone < _BEGIN_SHARE * limit and gone + self.longest_s < _END_SHARE * limit

    def _begin(self, strategy: Strategy, threads: ThreadPoolExecutor) -> None:
        self.tried.append(strategy)
        self._tell(strategy)
        begun = lost(strategy, self.scene, self.options) or begin(strategy, self.scene, self.gate)
        if isinstance(begun, Begun):
            self.flying[threads.submit(begun.compile)] = begun, time.perf_counter()
        else:
            self._land(strategy, begun)

    def _land(self, strategy: Strategy, made: Prepared) -> None:
        if made.call is not None:
            name = strategy.name
            ready = self.gate.before({name: made.call}, {name: made.rise_bytes})
            glanced = glance(made.call, ready=partial(ready, name))
            self.shortlist.learn(strategy, min(glanced.seconds))
            made = replace(made, glanced=glanced)
        self.prepared[strategy.name] = made
        self.progress.rows([made.row])
        smaller = self._smaller(strategy) if made.row.status == "refused" else None
        if smaller is not None and smaller not in (*self.tried, *self.fitting):
            self.fitting.append(smaller)

    def _next(self) -> Strategy | None:
        if self.fitting:
            return self.fitting.pop(0)
        while (strategy := self.shortlist.take()) is not None:
            if strategy not in self.tried:
                return strategy
        return None

    def _smaller(self, strategy: Strategy) -> Strategy | None:
        """Return the fewest chunks of its mode that fit; None where none do, or all do."""
        if strategy.builtin is None and strategy.batching not in ("vmap", "chunked"):
            return None
        scene = self.scene
        chunk = self.gate.largest_chunk(strategy)
        passes = strategy.passes(scene.n_in, scene.n_out, scene.count)
        if chunk is None or chunk >= passes:
            return None
        even = -(-passes // -(-passes // chunk))
        return replace(strategy, builtin=None, batching="chunked", chunk_size=even)

    def _tell(self, strategy: Strategy) -> None:
        beside = [
            each.strategy.name for each, _ in self.flying.values() if each.strategy != strategy
        ]
        total = len(self.tried) + len(self.shortlist.waiting)
        self.progress.stage(strategy.name, "compile", len(self.prepared), total, beside)
