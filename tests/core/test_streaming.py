"""Blocks written to a Zarr array: the page about it runs, and goes on after an interruption."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

zarr = pytest.importorskip("zarr")

PAGE = (Path(__file__).parents[2] / "docs" / "streaming.md").read_text()
REDUCED, WRITTEN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
BLOCKS = 19  # of 16 rows, the last of 12


class PowerCutError(Exception):
    """What stands for an interruption."""


class Stopping:
    """NumPy, but the power goes off at the n-th block."""

    def __init__(self, after: int) -> None:
        self.left = after

    def asarray(self, values: Any) -> np.ndarray:
        if self.left == 0:
            raise PowerCutError
        self.left -= 1
        return np.asarray(values)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the page's first example has defined."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(REDUCED, names)
    return names


def stored(folder: Path) -> dict[str, int]:
    """The chunks that are there, with the time of their last change."""
    files = [each for each in folder.rglob("c/*/*") if each.is_file()]
    return {str(each.relative_to(folder)): each.stat().st_mtime_ns for each in files}


def test_reductions_of_the_page(page: dict[str, Any]) -> None:
    expected = np.asarray(jax.jacrev(page["f"])(page["x"]))
    np.testing.assert_allclose(page["squares"], (expected**2).sum(0), rtol=1e-4)
    np.testing.assert_allclose(page["gram"], expected.T @ expected, rtol=1e-3, atol=1e-3)


def test_it_goes_on_where_it_was_interrupted(page: dict[str, Any]) -> None:
    expected = jax.jacrev(page["f"])(page["x"])
    folder = Path("jacobian.zarr")
    with pytest.raises(PowerCutError):
        exec(WRITTEN.replace("np.asarray", "power.asarray"), {**page, "power": Stopping(7)})
    first = stored(folder)
    assert len(first) == 7
    Path(folder, "c", "6", "0").write_bytes(b"cut")  # which a store that is not atomic may leave
    with pytest.raises(PowerCutError):
        exec(WRITTEN.replace("np.asarray", "power.asarray"), {**page, "power": Stopping(4)})
    second = stored(folder)
    assert len(second) == 10
    assert {name for name in first if second[name] != first[name]} == {"c/6/0"}
    exec(WRITTEN, page)
    assert len(stored(folder)) == BLOCKS
    array = zarr.open_array(folder, mode="r")
    assert array.chunks == (16, 300)
    np.testing.assert_allclose(array[:], expected, rtol=1e-4, atol=1e-5)
    exec(WRITTEN, page)  # once more, and only the last is written
    third = stored(folder)
    exec(WRITTEN, page)
    assert {name for name, when in stored(folder).items() if third[name] != when} == {"c/18/0"}


def test_blocks_of_zeros_count_as_written(page: dict[str, Any]) -> None:
    page["f"] = lambda x: 0.0 * x
    with pytest.raises(PowerCutError):
        exec(WRITTEN.replace("np.asarray", "power.asarray"), {**page, "power": Stopping(7)})
    assert len(stored(Path("jacobian.zarr"))) == 7
    exec(WRITTEN, page)
    assert len(stored(Path("jacobian.zarr"))) == BLOCKS


def test_an_array_of_other_blocks_is_not_continued(page: dict[str, Any]) -> None:
    exec(WRITTEN, page)
    with pytest.raises(AssertionError, match="it was begun with other blocks"):
        exec(WRITTEN.replace("chunk_size=16", "chunk_size=8"), page)
    shutil.rmtree("jacobian.zarr")
