"""What every test shares: x64 on request, and locks that no other process of this machine holds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterator

import jax
import pytest

from tests.hung import told_if_it_hangs

# A comparison waits its turn behind any other on this machine; tests have a machine of their own.
os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="jacoscope-tests-")
tempfile.tempdir = None
os.environ["JACOSCOPE_CACHE"] = tempfile.mkdtemp()  # what a user has tuned is no matter of theirs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the notebooks first: the longest file would leave the other worker idle at the end."""
    items.sort(key=lambda item: "notebooks" not in item.path.parts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tell what runs, should the test hang."""
    with told_if_it_hangs(item.nodeid):
        return (yield)


@pytest.fixture(scope="module", autouse=True)
def no_programs_left() -> Iterator[None]:
    """Forget what a module compiled: over the whole run that would be gigabytes."""
    yield
    jax.clear_caches()


@pytest.fixture(scope="module")
def quickly_compiled() -> Iterator[None]:
    """Leave LLVM's optimizations out: for modules that look at values only, a fifth less time."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield
