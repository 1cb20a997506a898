"""Whose turn it is: one who queues much holds nobody up for all of it."""

from __future__ import annotations

from dataclasses import dataclass

from jacoscope.run._queue import FairQueue


@dataclass(frozen=True)
class Each:
    number: int
    owner: str


def queue(*owners: str) -> FairQueue[Each]:
    made: FairQueue[Each] = FairQueue()
    for number, owner in enumerate(owners):
        made.add(Each(number, owner))
    return made


def served(made: FairQueue[Each]) -> str:
    foreseen = [each.number for each in made]
    numbers = []
    order = ""
    while made:
        each = made.take()
        numbers.append(each.number)
        order += each.owner
    assert numbers == foreseen  # as each was told
    return order


def test_one_owner_is_served_as_they_come() -> None:
    made = queue("a", "a", "a")
    assert [made.take().number for _ in range(3)] == [0, 1, 2]
    assert not made


def test_owners_take_turns() -> None:
    assert served(queue(*"aaaabbc")) == "abcabaa"


def test_who_comes_last_waits_for_one() -> None:
    made = queue(*"a" * 100)
    assert made.take().owner == "a"
    made.add(Each(100, "b"))
    assert made.take().owner == "b"
    made.add(Each(101, "b"))  # and has to wait for a turn of the other's then
    assert served(made).startswith("aba")


def test_one_is_taken_out() -> None:
    made = queue(*"aab")
    assert made.drop(1) == Each(1, "a")
    assert made.drop(1) is None
    assert served(made) == "ab"
