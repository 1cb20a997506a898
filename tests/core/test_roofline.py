"""The roofline: ceilings measured once and kept, and where rows stand below them."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import jacoscope as jsc
from jacoscope import Measurement, Study, _ceilings
from jacoscope._ceilings import Ceilings, ceilings
from jacoscope._roofline import roofline_points

ROOF = {"flops_per_s": 1e11, "bytes_per_s": 1e10, "dtype": "float32"}
DEVICE = jax.devices()[0]


def row(name: str, flops: float | None, accessed: float | None, dtype: str = "float32"):
    made = Measurement("jacobian", name, median_s=0.01, dtype=dtype)
    return made.but(flops=flops, bytes_accessed=accessed)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JACOSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(_ceilings, "_measured", {})
    return tmp_path


def test_below_and_beyond_the_ridge() -> None:
    # the ridge is at 10 operations a byte
    by_memory, by_compute = roofline_points([row("a", 4e7, 2e7), row("b", 8e8, 1e7)], ROOF)
    assert (by_memory.intensity, by_memory.bound) == (2.0, "memory")
    assert by_memory.roof_flops_per_s == pytest.approx(2e10)
    assert by_memory.share == pytest.approx(4e9 / 2e10)
    assert (by_compute.intensity, by_compute.bound) == (80.0, "compute")
    assert by_compute.share == pytest.approx(8e10 / 1e11)


def test_what_is_unknown_has_no_place() -> None:
    rows = [row("a", None, 1e6), row("b", 1e6, None), row("c", 1e6, 1e6, "float64")]
    assert roofline_points(rows, ROOF) == ()
    assert roofline_points([row("a", 1e6, 1e6)], None) == ()
    assert Study((row("a", 1e6, 1e6),)).roofline() == ()


def test_ceilings_are_measured_once_and_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[int] = []
    first = ceilings(DEVICE, "float32", between=lambda: paused.append(1))
    assert first is not None
    assert len(paused) >= 2  # others may go before each of the two, and between slices
    assert 1e8 < first.flops_per_s < 1e15
    assert 1e8 < first.bytes_per_s < 1e14
    monkeypatch.setattr(_ceilings, "_measure", lambda *_: pytest.fail("measured again"))
    assert ceilings(DEVICE, "float32") is first
    monkeypatch.setattr(_ceilings, "_measured", {})  # another process
    assert ceilings(DEVICE, "float32") == first


@pytest.mark.parametrize("text", ["", "{", "[]", '{"flops_per_s": 0}', '{"flops_per_s": "x"}'])
def test_what_is_kept_but_broken_is_measured_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    made = Ceilings(2.0, 1.0, "float32")
    monkeypatch.setattr(_ceilings, "_measure", lambda *_: made)
    assert ceilings(DEVICE, "float32") == made
    (path,) = (folder / "ceilings").iterdir()
    path.write_text(text)
    monkeypatch.setattr(_ceilings, "_measured", {})
    assert ceilings(DEVICE, "float32") == made
    assert json.loads(path.read_text())["flops_per_s"] == 2.0


def test_a_wrong_row_has_no_place() -> None:
    good, bad = row("jax.jacfwd", 1e6, 1e6), row("reverse/vmap", 1e6, 1e6).but(error=0.5)
    study = Study((good.but(error=1e-7), bad), environment={"ceilings": ROOF})
    assert [point.strategy for point in study.roofline()] == ["jax.jacfwd"]


def test_without_time_they_stay_unknown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ceilings, "_LONGEST_S", 0.0)
    assert ceilings(DEVICE, "float32") is None
    assert not (folder / "ceilings").exists()


def test_without_room_they_stay_unknown(folder: Path) -> None:
    assert ceilings(DEVICE, "float32", room_bytes=100_000_000) is None
    assert not (folder / "ceilings").exists()


def test_a_study_knows_its_roof_and_keeps_it(tmp_path: Path) -> None:
    study = jsc.compare(lambda x: jnp.tanh(x @ x.T), jnp.ones((32, 32)), runner="inline")
    points = study.roofline()
    assert {point.strategy for point in points} <= {row.strategy for row in study.rows}
    assert len(points) >= 3
    for point in points:
        measured = study.row(point.strategy)
        assert measured.flops is not None
        assert measured.median_s is not None
        assert point.flops_per_s == pytest.approx(measured.flops / measured.median_s)
    study.to_json(tmp_path / "study.json")
    assert Study.from_json(tmp_path / "study.json").roofline() == points
