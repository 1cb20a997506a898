"""What tests of the page share: a thread of its own, a fake runner, no leftover pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jacoscope_dashboard import Explorer, _matrix, _products, _session
from jacoscope_dashboard._cache import Cache
from tests.dashboard.helpers import FakeRunner, Pump

Open = Callable[..., Explorer]


@pytest.fixture
def page() -> Pump:
    return Pump()


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()


@pytest.fixture(autouse=True)
def no_leftovers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with nothing that another one in its process has computed."""
    caches = (
        (_matrix, "PICTURES"),
        (_products, "VECTORS"),
        *((_session, name) for name in ("_ADVICE", "_INSIDES", "_STRUCTURES", "_PAIRS")),
    )
    for module, name in caches:
        monkeypatch.setattr(module, name, Cache(8))


@pytest.fixture
def opened(page: Pump, runner: FakeRunner) -> Open:
    """Opens an explorer whose first matrix has come."""

    def opened(**options: Any) -> Explorer:
        explorer = Explorer(runner=runner, hop=page.hop, **options)
        page.until(lambda: explorer.session.matrix.state != "busy" and explorer.session.devices)
        return explorer

    return opened
