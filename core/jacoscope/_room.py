"""The room that a memory limit leaves, in a worker that was made for it.

The allocator keeps what is freed, in an arena for each thread, so that a program which takes 30 MB
was seen to hold 150 MB after ten calls. Where it is to be told from outside what a program takes,
blocks that weigh against the limit go back to the system when they are freed. A program is faster
with blocks that are there: while it is timed it may keep them, unless it takes much of the limit.
XLA frees temporaries in a thread of its own, up to some milliseconds after the result is ready.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax

from ._memory import resident, resident_rise, return_freed_blocks, trim

_PART = 16  # of a limit: a block that weighs against it
_LEAST_BYTES, _LARGEST_BYTES = 1_000_000, 2**25  # that the allocator can be told of
_PLACES = 3  # for what a program takes, where it may keep what it frees
_PATIENCE_S, _POLL_S = 0.02, 0.0005
_FEWEST, _LONGEST_S = 2, 1.0


class Room:
    """Tells what a program takes, once what others took is gone, and keeps room for it.

    Args:
        limit_bytes: The limit.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._weighty_bytes = max(limit_bytes // _PART, _LEAST_BYTES)
        self._level = resident()

    def tighten(self) -> None:
        """Have blocks that weigh against the limit go back when they are freed."""
        return_freed_blocks(min(self._weighty_bytes, _LARGEST_BYTES))

    def is_tight(self, need_bytes: int) -> bool:
        """Whether what takes so much may not keep what it frees."""
        if self._weighty_bytes >= _LARGEST_BYTES:
            return False
        return need_bytes > max(self._limit_bytes // _PLACES, self._weighty_bytes)

    def before(
        self, calls: Mapping[str, Callable[[], Any]], needs: Mapping[str, int]
    ) -> Callable[[str], None]:
        """Return what is to be called before a sample of each, from now on.

        Args:
            calls: Name → what is to be timed.
            needs: Name → bytes that a call takes.
        """
        base = resident()

        def make_way(name: str) -> None:
            need = needs.get(name, 0)
            if self.is_tight(need):
                self.tighten()
                _fall_to(base + self._limit_bytes - need)
            else:
                return_freed_blocks(_LARGEST_BYTES)
                if not _fall_to(base + self._limit_bytes - 2 * need):
                    jax.block_until_ready(calls[name]())  # so that its blocks are there again

        return make_way

    def rise(self, call: Callable[[], Any], calls: int) -> int:
        """Return the highest rise of memory over several calls, each alone; 0 where unknown.

        Args:
            call: What to run; it has run before.
            calls: How many; fewer of a call that takes long.
        """
        highest, end = 0, time.perf_counter() + _LONGEST_S
        for done in range(calls):
            if done >= _FEWEST and time.perf_counter() > end:
                break
            if _fall_to(self._level + self._weighty_bytes):
                trim()
            self._level = resident()
            highest = max(highest, resident_rise(call)[1])
        return highest


def _fall_to(most_bytes: int) -> bool:
    """Wait until what has run is freed; where it isn't soon, have the allocator give it back.

    Returns:
        Whether waiting was enough.
    """
    end = time.perf_counter() + _PATIENCE_S
    while resident() > most_bytes:
        if time.perf_counter() > end:
            trim()
            return False
        time.sleep(_POLL_S)
    return True
