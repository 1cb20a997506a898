"""Files of studies that are anyone's: a study, or a sentence."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jacoscope import Measurement, Study
from jacoscope._against import hold_against

NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, 10**400, 1e308, 5e-324, True])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
TIMES = st.floats(1e-9, 1e3)
ROWS = st.builds(
    Measurement,
    st.sampled_from(["jacobian", "hvp"]),
    st.text(max_size=12),
    message=st.text(),
    n_in=st.none() | st.integers(0, 2**40),
    median_s=st.none() | TIMES,
    error=st.none() | st.floats(allow_nan=False),
    tie=st.none() | st.booleans(),
    samples_s=st.lists(TIMES, max_size=9).map(tuple),
    disturbed=st.lists(st.booleans(), max_size=9).map(tuple),
)
STUDIES = st.builds(
    Study,
    st.lists(ROWS, max_size=3).map(tuple),
    title=st.text(),
    environment=st.dictionaries(st.text(), st.text() | st.integers(), max_size=3),
    empty_call_s=st.none() | TIMES,
    f_bytes=st.none() | st.integers(0, 2**50),
)


def plain() -> dict[str, Any]:
    """A study of two strategies."""
    rows = [
        Measurement(
            "jacobian",
            name,
            mode=name.split("/", maxsplit=1)[0],
            n_in=3,
            median_s=1e-3 * place,
            q25_s=1e-3 * place,
            samples_s=tuple(1e-3 * (place + 0.001 * k) for k in range(9)),
            disturbed=(False,) * 9,
        )
        for place, name in enumerate(("forward/map", "reverse/map"), start=1)
    ]
    return Study(tuple(rows), "sin", {"jax": "1"}, 1e-6, 1e-4, 8).to_plain()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(STUDIES)
def test_what_is_written_is_read(study: Study) -> None:
    assert Study.from_plain(json.loads(json.dumps(study.to_plain()))) == study


def _taken(content: bytes, folder: Path) -> None:
    """Read a file as a script does, and as the page does."""
    path = folder / "study.json"
    path.write_bytes(content)
    said: list[str] = []
    for read in (lambda: Study.from_json(path), lambda: hold_against(plain(), content)):
        try:
            read()
        except ValueError as error:
            said.append(str(error).replace(str(path), "This"))
        else:
            said.append("")
    assert said[0] == said[1]
    assert not said[0] or (len(said[0]) < 200 and said[0].endswith(".")), said


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_file_of_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    _taken(content, tmp_path_factory.getbasetemp())


@settings(derandomize=True, max_examples=250, deadline=None)
@given(st.data())
def test_a_study_with_a_part_of_anything(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    study = copy.deepcopy(plain())
    rows: list[Any] = study["rows"]
    place: Any = data.draw(st.sampled_from([study, rows, *rows, rows[0]["samples_s"]]))
    key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON)
    _taken(json.dumps(study).encode(), tmp_path_factory.getbasetemp())


def test_a_time_of_nothing(tmp_path: Path) -> None:
    study = plain()
    study["rows"][0]["median_s"] = 0
    _taken(json.dumps(study).encode(), tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b"7" * 5_000, b'{"schema": ' + b"7" * 4_000 + b"}", b"\xff\xfe\xff"],
    ids=["nested", "digits", "a long schema", "no text"],
)
def test_a_file_of_too_much(tmp_path: Path, content: bytes) -> None:
    _taken(content, tmp_path)
