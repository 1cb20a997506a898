"""The row of tabs: what a server says of them, and what it leaves to the browser."""

from __future__ import annotations

from jacoscope_dashboard._shelf import Shelf


def test_a_click_is_heard_and_moves_nothing_in_the_browser() -> None:
    clicked: list[int] = []
    shelf = Shelf(["one", "two", "three"], 1, clicked.append)
    front = shelf._panels
    assert (shelf.tabs.active, front.begin) == (1, 1)
    shelf.tabs.active = 2
    assert clicked == [2]
    # A browser is at the next click by the time it hears of this one: it decides alone.
    assert (front.active, front.begin) == (-1, 2)
