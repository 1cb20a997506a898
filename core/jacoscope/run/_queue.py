"""The queue of a lane: whose turn it is among those who wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """What waits: it has a number, and somebody whose it is."""

    @property
    def number(self) -> int: ...
    @property
    def owner(self) -> str: ...


W = TypeVar("W", bound=Waiting)


class FairQueue(Generic[W]):
    """First come, first served among owners, who take turns.

    However much one of them queues, another waits for one job of theirs, and not for all.
    """

    def __init__(self) -> None:
        self._waiting: list[W] = []
        self._served: dict[str, int] = {}  # owner → when last, of those who wait or are served
        self._turns = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[W]:
        """Those who wait, in the order they are served if nobody else comes."""
        waiting, served, turns = list(self._waiting), dict(self._served), self._turns
        while waiting:
            first = min(waiting, key=lambda each: served.get(each.owner, 0))
            turns += 1
            served[first.owner] = turns
            waiting.remove(first)
            yield first

    def add(self, each: W) -> None:
        """Have something wait."""
        self._waiting.append(each)

    def take(self) -> W:
        """Serve whose turn it is; there must be somebody."""
        first = next(iter(self))
        self._waiting.remove(first)
        self._turns += 1
        here = {each.owner for each in self._waiting}
        self._served = {name: turn for name, turn in self._served.items() if name in here}
        self._served[first.owner] = self._turns
        return first

    def drop(self, number: int) -> W | None:
        """Take out what has that number; None where nothing has."""
        for each in self._waiting:
            if each.number == number:
                self._waiting.remove(each)
                return each
        return None

    def clear(self) -> None:
        """Take out all."""
        self._waiting.clear()
