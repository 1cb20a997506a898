"""The experiment: its spec, its knobs, and what a link may do to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jacoscope.problems import families, family
from jacoscope_dashboard._experiment import OWN, Experiment, describe


def test_knobs_never_collide_with_fields_in_the_url() -> None:
    taken = {"problem", "theme", "tab", *Experiment.FIELDS}
    assert not taken & {name for each in families() for name in each.knobs}


def test_default_experiment_has_an_empty_query() -> None:
    assert Experiment().to_query() == ""


@pytest.mark.parametrize("name", [each.name for each in families()])
def test_query_restores_everything(name: str) -> None:
    first = Experiment(problem=name)
    knob = first.first_knob
    assert knob is not None
    first.set_knob(knob.name, knob.high if knob.high is not None else knob.choices[-1])
    first.set_knob("dtype", "float64")
    first.param.update(
        mode="reverse", batching="chunked", chunk_size=3, vectors=7, device="cpu:1",
        quantity="hvp", order="full_hessian", memory_limit="2GB", time_limit=2.5,
    )  # fmt: skip
    second, notices = Experiment.from_query(first.to_query())
    assert notices == []
    assert second.spec() == first.spec()


JUNK = [
    "²",
    "1" * 5000,
    "nan",
    "1e999",
    "-1",
    "0",
    "",
    " ",
    "1_0",
    "٣",
    "<img src=x>",
    "0x10",
    "4.5",
]


@pytest.mark.parametrize("text", JUNK)
@pytest.mark.parametrize("key", ["batch", "chunk_size", "vectors"])
def test_junk_numbers_in_a_link_fall_back_with_a_notice(key: str, text: str) -> None:
    experiment, notices = Experiment.from_query(urlencode({key: text}))
    assert experiment.spec() == Experiment().spec()
    if text:  # an empty value is no value
        assert notices


@pytest.mark.parametrize(
    "query",
    [
        "?problem=nope",
        "mode=sideways",
        "time_limit=inf",
        "time_limit=1e999",
        "memory_limit=lots",
        "device=" + "x" * 50,
        "device=%00",
        "unknown=1",
        "&".join(f"a{i}=1" for i in range(100)),
        "problem=" + "x" * 10_000,
        "batch=4;rm",
        "%ff%fe=%ff",
    ],
)
def test_junk_in_a_link_is_named_and_left_out(query: str) -> None:
    experiment, notices = Experiment.from_query(query)
    assert experiment.spec() == Experiment().spec()
    assert len(notices) == 1
    assert len(notices[0]) < 250


def test_a_link_to_nothing_in_particular_is_no_junk() -> None:
    assert Experiment.from_query("theme=dark&tab=compare")[1] == []


def test_a_link_can_not_turn_ones_own_function_into_a_problem() -> None:
    experiment = Experiment(OWN)
    experiment.read_query("problem=tanh_sum&mode=reverse")
    assert (experiment.problem, experiment.mode) == (OWN, "reverse")


def test_knobs_that_fit_stay_when_the_problem_changes() -> None:
    experiment = Experiment(knobs={"batch": 64, "seed": 3})
    experiment.problem = "logistic_loss"
    assert experiment.spec()["knobs"]["batch"] == 64
    experiment.problem = "square_mlp"
    knobs = experiment.spec()["knobs"]
    assert knobs["seed"] == 3
    assert "batch" not in knobs


def test_set_knob_refuses_with_a_sentence() -> None:
    experiment = Experiment()
    with pytest.raises(ValueError, match="no knob 'width'"):
        experiment.set_knob("width", 4)
    with pytest.raises(ValueError, match="must be between"):
        experiment.set_knob("batch", 0)


def test_reset_keeps_the_problem() -> None:
    experiment = Experiment(problem="square_mlp", knobs={"width": 5}, mode="forward", vectors=2)
    experiment.reset()
    assert experiment.spec() == Experiment(problem="square_mlp").spec()


def test_description_names_sizes() -> None:
    spec = Experiment(knobs={"batch": 2048}).spec()
    assert describe(spec) == "Logistic regression, predictions · batch size 2,048 · features 3"
    assert describe(Experiment(problem=OWN).spec()) == "Your function"


def _knob_values(name: str) -> st.SearchStrategy[dict[str, Any]]:
    each = {
        knob.name: st.sampled_from(knob.choices)
        if knob.choices
        else st.integers(knob.low or 0, knob.high or 0)
        for knob in family(name).knobs.values()
    }
    return st.fixed_dictionaries({}, optional=each)


SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    name: st.sampled_from(Experiment.param[name].objects)
    for name in ("quantity", "mode", "order", "batching", "radius", "policy", "structure")
}
SETTINGS |= {name: st.none() | st.integers(1, 10**6) for name in ("chunk_size", "vectors")}
SETTINGS |= {
    "memory_limit": st.none() | st.sampled_from(["2GB", "1.5 MiB", "500 kB"]),
    "time_limit": st.integers(1, 86_400).map(float) | st.sampled_from([0.1, 2.5, 0.125]),
    "device": st.none() | st.sampled_from(["cpu:0", "gpu:11"]),
    "grows": st.sampled_from(["", "batch", "n_2"]),
}


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.data(), st.fixed_dictionaries({}, optional=SETTINGS))
def test_any_settings_come_back_by_a_link(data: st.DataObject, values: dict[str, Any]) -> None:
    problem = data.draw(st.sampled_from([each.name for each in families()]))
    experiment = Experiment(problem=problem, knobs=data.draw(_knob_values(problem)), **values)
    again, notices = Experiment.from_query(experiment.to_query())
    assert again.spec() == experiment.spec()
    assert notices == []


NAMES = st.sampled_from(["problem", *Experiment.FIELDS, "batch", "seed", "dtype", "theme"])


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text() | st.lists(st.tuples(NAMES | st.text(), st.text()), max_size=6).map(urlencode))
def test_any_query_gives_settings(query: str) -> None:
    experiment, notices = Experiment.from_query(query)
    assert all(len(each) < 300 for each in notices)
    again, _ = Experiment.from_query(experiment.to_query())
    assert again.spec() == experiment.spec()
