"""One study against another, whatever the other one is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jacoscope import Measurement, Study
from jacoscope._against import hold_against


def plain(factor: float, **environment: Any) -> dict[str, Any]:
    """A study of two strategies; the first one's times are multiplied."""
    rows = [
        Measurement(
            "jacobian",
            name,
            mode=name.split("/", maxsplit=1)[0],
            n_in=3,
            n_out=4,
            median_s=seconds,
            samples_s=tuple(seconds * (1 + 0.001 * k) for k in range(9)),
        )
        for name, seconds in (("forward/map", factor * 1e-3), ("reverse/map", 2e-3))
    ]
    return Study(rows=tuple(rows), environment=environment).to_plain()


def test_what_moved_and_what_is_different() -> None:
    there = json.dumps(plain(1.0, jax="0.9", host="b")).encode()
    held = hold_against(plain(2.0, jax="0.10", host="a"), there)
    first, second = held["changes"]
    assert (first["strategy"], first["mode"]) == ("forward/map", "forward")
    assert (first["here_s"], first["there_s"]) == (2e-3, 1e-3)
    assert (first["ratio"], first["moved"]) == (2.0, True)
    assert not second["moved"]
    assert held["different"] == {"jax": ["0.10", "0.9"], "host": ["a", "b"]}
    assert held["same_shape"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "This is not JSON"),
        (b"<script>", "This is not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"[]", "it has no `schema`"),
        (b'{"schema": 1, "rows": [{"quantity": "a", "strategy": 3}]}', "strategy can't be"),
        (b'{"schema": 1, "rows": [], "environment": 3}', "environment"),
    ],
    ids=["bytes", "html", "nested", "list", "field", "environment"],
)
def test_what_is_no_study_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        hold_against(plain(1.0), content)
