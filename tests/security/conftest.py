"""Servers with different options, each started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.served import Served, started


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Starts `jacoscope serve` with options; one server for each set of them."""
    there: dict[tuple[str, ...], Served] = {}

    def serving(*options: str) -> Served:
        if options not in there:
            there[options] = started(options, tmp_path_factory.mktemp("server") / "log")
        return there[options]

    yield serving
    for each in there.values():
        each.process.terminate()
    for each in there.values():
        each.process.communicate(timeout=60)
