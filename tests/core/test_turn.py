"""Whose turn it is: probes of two lanes side by side, none of them during a slice of timing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from jacoscope.run._turn import Turn

PATIENCE_S = 10.0
A_MOMENT_S = 0.15


class Holder:
    """A thread that holds a turn until it is let go."""

    def __init__(self, turn: Callable[[], AbstractContextManager[None]]) -> None:
        self.has = threading.Event()
        self._go = threading.Event()

        def hold() -> None:
            with turn():
                self.has.set()
                self._go.wait(PATIENCE_S)

        self._thread = threading.Thread(target=hold)
        self._thread.start()

    def let_go(self) -> None:
        self._go.set()
        self._thread.join(PATIENCE_S)


def test_a_picture_does_not_wait_for_advice(tmp_path: Path) -> None:
    advice = Holder(lambda: Turn(tmp_path).probe("advice"))
    assert advice.has.wait(PATIENCE_S)
    picture = Holder(lambda: Turn(tmp_path).probe("probe"))
    assert picture.has.wait(PATIENCE_S)
    advice.let_go()
    picture.let_go()


@pytest.mark.parametrize("lane", ["advice", "probe", "sandbox for probe"])
def test_a_slice_waits_for_a_probe(tmp_path: Path, lane: str) -> None:
    probe = Holder(lambda: Turn(tmp_path).probe(lane))
    assert probe.has.wait(PATIENCE_S)
    piece = Holder(lambda: Turn(tmp_path).alone())
    assert not piece.has.wait(A_MOMENT_S)
    probe.let_go()
    assert piece.has.wait(PATIENCE_S)
    piece.let_go()


@pytest.mark.parametrize("lane", ["advice", "probe", "sandbox for probe"])
def test_a_probe_comes_in_between_two_slices(tmp_path: Path, lane: str) -> None:
    timing = Turn(tmp_path)
    with timing.alone():
        probe = Holder(lambda: Turn(tmp_path).probe(lane))
        assert not probe.has.wait(A_MOMENT_S)
        threading.Timer(A_MOMENT_S, probe.let_go).start()
        timing.between()
        assert probe.has.is_set()
    probe.let_go()


def test_a_slice_that_waits_for_advice_lets_pictures_through(tmp_path: Path) -> None:
    advice = Holder(lambda: Turn(tmp_path).probe("advice"))
    assert advice.has.wait(PATIENCE_S)
    piece = Holder(lambda: Turn(tmp_path).alone())
    assert not piece.has.wait(A_MOMENT_S)
    picture = Holder(lambda: Turn(tmp_path).probe("probe"))
    assert picture.has.wait(PATIENCE_S)
    picture.let_go()
    advice.let_go()
    piece.let_go()
