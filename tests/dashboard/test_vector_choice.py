"""The text of a tangent or a cotangent, from anyone and with anything in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from jacoscope_dashboard._experiment import RADII, Experiment
from jacoscope_dashboard._requests import products_request, same_to_measure
from jacoscope_dashboard._vector_choice import (
    choice_text,
    read_choice,
    read_values,
    values_text,
)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("basis:12", {"kind": "basis", "index": 12}),
        ("ones", {"kind": "ones"}),
        ("random:7", {"kind": "random", "seed": 7}),
        ("0.5,-1", {"kind": "values", "values": [0.5, -1.0]}),
        ("0", {"kind": "values", "values": [0.0]}),
    ],
)
def test_text_and_back(text: str, choice: dict[str, Any]) -> None:
    assert read_choice(text) == choice
    assert choice_text(choice) == text


def test_values_as_people_type_them() -> None:
    assert read_values(" 1 , −.5  +2 ") == [1.0, -0.5, 2.0]
    assert values_text([1 / 3, -0.0, 1e-7, 12345.678]) == "0.3333,0,0.0000001,12350"


JUNK = ["", "basis", "basis:-1", "basis:²", "ones:1", "random:1e9", "1,,x", "nan", "inf", "1e3",
        "1;2", "<b>1</b>", "0x1", ",".join("1" * 17), "9" * 30]  # fmt: skip


@pytest.mark.parametrize("text", JUNK)
def test_junk_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"Give .*\.$"):
        read_choice(text)


def test_as_many_numbers_as_there_have_to_be() -> None:
    with pytest.raises(ValueError, match="Give 3 numbers"):
        read_values("1, 2", 3)
    with pytest.raises(ValueError, match="Give 1 number,"):
        read_values("1, 2", 1)


def test_the_link_keeps_vectors_and_radius() -> None:
    first = Experiment(problem="plane_map", tangent="0.5,-1", cotangent="random:3", radius=1.0)
    second, notices = Experiment.from_query(first.to_query())
    assert notices == []
    assert second.spec() == first.spec()
    for radius in RADII:
        first.radius = radius
        assert Experiment.from_query(first.to_query())[0].radius == radius


@pytest.mark.parametrize("text", [each for each in JUNK if each])
@pytest.mark.parametrize("key", ["tangent", "cotangent", "radius"])
def test_junk_in_a_link_is_left_out(key: str, text: str) -> None:
    experiment, notices = Experiment.from_query(urlencode({key: text}))
    assert experiment.spec() == Experiment().spec()
    assert len(notices) == 1


def test_a_job_takes_plain_choices_and_its_key_tells_them_apart() -> None:
    spec = Experiment(tangent="random:7", cotangent="0.5,1").spec()
    key, job = products_request(spec)
    assert job.kind == "products"
    assert job.options["tangent"] == {"kind": "random", "seed": 7}
    assert job.options["cotangent"] == {"kind": "values", "values": [0.5, 1.0]}
    assert key == products_request(dict(spec))[0]
    assert key != products_request({**spec, "tangent": "random:8"})[0]
    assert "cotangent" not in products_request(spec, part="orders")[1].options


def test_vectors_that_are_only_shown_change_no_measurement() -> None:
    spec = Experiment().spec()
    assert same_to_measure(spec, {**spec, "tangent": "ones", "radius": 1.0})
    assert not same_to_measure(spec, {**spec, "mode": "reverse"})
