"""What a comparison says of itself while it goes on, as events of plain data."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ._measurement import Measurement
from ._memory import resident, trim

Emit = Callable[[dict[str, Any]], None]


class Progress:
    """Tells of the plan, the stages and the rows of a comparison that begins now.

    Attributes:
        begin: `time.perf_counter()` at the begin.
    """

    def __init__(self, emit: Emit) -> None:
        self.begin = time.perf_counter()
        self._emit = emit

    def plan(self, strategies: Iterable[str], environment: dict[str, Any] | None = None) -> None:
        """Tell which rows there will be, and where they are measured."""
        known = {} if environment is None else {"environment": environment}
        self._emit({"type": "plan", "strategies": list(strategies), **known})

    def stage(
        self, strategy: str, stage: str, done: int, total: int, beside: Sequence[str] = ()
    ) -> None:
        """Tell where it stands, and how long the rest of this stage may take.

        Args:
            strategy: The one at work; empty for all.
            stage: What is done to it.
            done: How many are through this stage.
            total: How many are to be.
            beside: Strategies that are at work besides.
        """
        elapsed_s = time.perf_counter() - self.begin
        self._emit(
            {
                "type": "stage",
                "strategy": strategy,
                "beside": list(beside),
                "stage": stage,
                "done": done,
                "total": total,
                "left_s": elapsed_s / done * (total - done) if done else None,
            }
        )

    def runs(self) -> None:
        """Tell that a program runs next, and what the process takes without it.

        A limit is for the program: what compiling has left behind is none of its own.
        """
        trim()
        self._emit({"type": "runs", "rss": resident()})

    def rows(self, rows: Iterable[Measurement]) -> None:
        """Tell what is known of some strategies."""
        for row in rows:
            self._emit({"type": "row", "row": row.to_plain()})
