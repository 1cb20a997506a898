"""What tests of the page share: a thread of its own, a fake runner, no leftover pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jacoscope_dashboard import Explorer, _matrix, _session
from jacoscope_dashboard._cache import Cache
from tests.dashboard.helpers import FakeRunner, Pump

Open = Callable[..., Explorer]


@pytest.fixture
def page() -> Pump:
    return Pump()


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()


@pytest.fixture
def opened(page: Pump, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens an explorer whose first matrix has come."""
    monkeypatch.setattr(_matrix, "PICTURES", Cache(8))
    for name in ("_INSIDES", "_STRUCTURES", "_PAIRS"):
        monkeypatch.setattr(_session, name, Cache(8))

    def opened(**options: Any) -> Explorer:
        explorer = Explorer(runner=runner, hop=page.hop, **options)
        page.until(lambda: explorer.session.matrix.state != "busy" and explorer.session.devices)
        return explorer

    return opened
