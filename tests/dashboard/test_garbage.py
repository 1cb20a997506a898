"""Garbage is looked for when nobody waits, and not among what stays."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from bokeh.document import Document
from panel.io import document as panel_document
from panel.io.state import state

from jacoscope_dashboard._garbage import Garbage


class Knot:
    """An object that only a collection frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each full collection."""
    done: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: done.append("collected"))
    return done


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All that is taken over is given back."""
    threshold = gc.get_threshold()
    monkeypatch.setattr(panel_document, "_garbage_collect", panel_document._garbage_collect)
    for name in ("_on_session_created", "_on_session_destroyed"):
        monkeypatch.setattr(type(state), name, [])
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


def looks(garbage: Garbage, collected: list[str], most: int) -> int | None:
    """Look until there is a collection; return after how many looks."""
    collected.clear()
    for number in range(1, most + 1):
        garbage.look()
        if collected:
            return number
    return None


def of_visits(opened: int, ended: int, busy: bool = False) -> Garbage:
    garbage = Garbage(lambda: busy)
    for _ in range(opened + ended):
        garbage.add(None)
    for _ in range(ended):
        garbage.remove(None)
    return garbage


@pytest.mark.parametrize(
    ("opened", "ended", "busy", "after"),
    [
        (0, 1, True, 1),  # nobody is held up
        (3, 1, False, 3),
        (3, 1, True, None),
        (3, 4, True, None),
        (3, 5, True, 1),
        (100, 1, False, None),
        (100, 12, False, None),
        (100, 13, True, 1),
        (100, 0, False, None),
    ],
)
def test_it_is_collected_when_nobody_waits_or_when_it_is_much(
    opened: int, ended: int, busy: bool, after: int | None, collected: list[str]
) -> None:
    assert looks(of_visits(opened, ended, busy), collected, 19) == after


def test_once_it_is_collected_there_is_none(collected: list[str]) -> None:
    garbage = of_visits(3, 20, busy=True)
    assert looks(garbage, collected, 1) == 1
    assert looks(garbage, collected, 19) is None


@pytest.mark.parametrize(("busy", "after"), [(False, 200), (True, 1200)])
def test_what_visits_that_stay_leave_is_collected_now_and_then(
    busy: bool, after: int, collected: list[str]
) -> None:
    garbage = of_visits(30, 0, busy)
    for _ in range(2):
        assert looks(garbage, collected, 2000) == after


def test_what_was_there_is_walked_no_more_and_what_comes_later_is(restored: None) -> None:
    early = Knot()
    Garbage(bool).take_over()
    later = Knot()
    first, second = weakref.ref(early), weakref.ref(later)
    del early, later
    gc.collect()
    assert first() is not None
    assert second() is None


def test_neither_python_nor_panel_collects_everything_by_itself(
    restored: None, collected: list[str]
) -> None:
    Garbage(bool).take_over()
    collected.clear()
    panel_document._garbage_collect()
    assert not collected
    full = gc.get_stats()[2]["collections"]
    kept = [[Knot() for _ in range(1000)] for _ in range(200)]
    assert gc.get_stats()[2]["collections"] == full
    assert kept


def test_visits_are_counted_where_panel_begins_and_ends_them(
    restored: None, collected: list[str]
) -> None:
    garbage = Garbage(bool)
    garbage.take_over()
    document = Document()
    visit: Any = SimpleNamespace(_document=document)
    for began in state._on_session_created:
        began(visit)
    assert garbage._open == 1
    for ended in document.session_destroyed_callbacks:
        ended(visit)
    assert garbage._open == 0
    assert garbage._ended == 1
