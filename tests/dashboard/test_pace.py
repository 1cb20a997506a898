"""Pieces of drawing: one a turn, in order, each in its newest form, and none lost to an error."""

from __future__ import annotations

import pytest

from jacoscope_dashboard._pace import Pace
from tests.dashboard.helpers import Pump


def test_one_piece_a_turn_and_the_newest_form_of_each(page: Pump) -> None:
    turns: list[object] = []

    def hop(work: object) -> None:
        turns.append(work)
        page.hop(work)  # type: ignore[arg-type]

    done: list[str] = []
    pace = Pace(hop)
    pace.ask("a", lambda: done.append("old a"))
    pace.ask("b", lambda: done.append("b"))
    pace.ask("a", lambda: done.append("new a"))
    assert not done
    page.until(lambda: len(done) == 2)
    assert done == ["new a", "b"]
    assert len(turns) == 4  # between two pieces others have a turn


def test_a_piece_may_ask_for_more_and_an_error_stops_nothing() -> None:
    page = Pump()
    pace, done = Pace(page.hop), []

    def fails() -> None:
        pace.ask("later", lambda: done.append("later"))
        raise RuntimeError("in a piece")

    pace.ask("fails", fails)
    with pytest.raises(RuntimeError, match="in a piece"):
        page.until(lambda: False)
    page.until(lambda: done == ["later"])
