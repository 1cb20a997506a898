"""The tab *Scaling*: what it asks to be measured, and what it says of it."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope import Measurement, Study
from jacoscope._strategy import Quantity, named
from jacoscope.run import Outcome
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._comparison import Request
from jacoscope_dashboard._experiment import OWN, Experiment
from jacoscope_dashboard._scaling import (
    chosen_range,
    depth_requests,
    map_knobs,
    map_requests,
    map_sizes,
    range_requests,
    ranges,
)
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, finished, rows


def spec(**changes: Any) -> dict[str, Any]:
    return Experiment(**changes).spec()


def in_front(explorer: Explorer, page: Pump) -> Any:
    explorer.tab = "scaling"
    page.until(lambda: "scaling" in explorer.later)
    return explorer.later["scaling"]


def answer_all(
    explorer: Explorer, page: Pump, runner: FakeRunner, name: str, measured: Any
) -> None:
    """End each comparison of a sweep, with what `measured` makes of its job."""
    comparison = explorer.session.scaling[name]

    def answer(place: int) -> None:
        page.until(lambda: len(runner.of("compare")) > place)
        handle = runner.of("compare")[place]
        handle.finish(finished(measured(handle.job)))
        page.until(lambda: comparison.sweep_progress[0] == place + 1)

    place = 0
    while comparison.sweep_state == "busy":
        answer(place)
        place += 1


def test_sizes_chunks_and_vectors_can_grow() -> None:
    assert list(ranges(spec())) == ["batch", "features", "chunk_size"]
    assert list(ranges(spec(quantity="jmp"))) == ["batch", "features", "vectors"]
    assert list(ranges(spec(problem=OWN))) == ["chunk_size"]
    assert list(ranges(spec(problem=OWN, quantity="hvp"))) == []
    assert all(len(each.sizes) >= 3 for each in ranges(spec(problem="square_mlp")).values())


def test_a_name_that_does_not_grow_here_is_as_if_not_given() -> None:
    for name, chosen in (("features", "features"), ("vectors", "batch"), ("", "batch")):
        found = chosen_range(spec(grows=name))
        assert found is not None
        assert found.name == chosen


def test_only_what_grows_differs_between_the_comparisons() -> None:
    requests = range_requests(spec(grows="features"))
    assert [each.size for each in requests] == [1, 4, 16, 64, 256]
    assert [each.job.target["knobs"]["features"] for each in requests] == [1, 4, 16, 64, 256]
    assert {each.job.target["knobs"]["batch"] for each in requests} == {4}
    vectors = range_requests(spec(quantity="mjp", grows="vectors"))
    assert [each.job.options["vectors"] for each in vectors] == [1, 4, 16, 64, 256]


def test_chunks_are_compared_side_by_side() -> None:
    (request,) = range_requests(spec(grows="chunk_size"))
    assert request.job.options["chunk_sizes"] == [1, 4, 16, 64, 256]
    assert "reverse/chunked/16" in request.job.options["only"]
    (hessian,) = range_requests(spec(problem="tanh_sum", quantity="hessian", grows="chunk_size"))
    assert set(hessian.job.options["only"]) == {
        f"forward_over_reverse/chunked/{size}" for size in (1, 4, 16, 64, 256)
    }


def test_devices_can_grow_where_there_are_several() -> None:
    two, many = ("cpu:0", "cpu:1"), tuple(f"gpu:{i}" for i in range(12))
    assert "devices" not in ranges(spec(), two[:1])
    assert ranges(spec(), two)["devices"].sizes == (1, 2)
    assert ranges(spec(problem=OWN, quantity="hvp"), two)["devices"].sizes == (1, 2)
    assert ranges(spec(), (*many, "cpu:0"))["devices"].sizes == (1, 2, 4, 8, 12)
    one, both = range_requests(spec(grows="devices"), devices=two)
    assert (one.job.options["device"], both.job.options["device"]) == ("cpu:0", "cpu:0,cpu:1")
    assert "forward/vmap" in one.job.options["only"]
    assert "forward/vmap/sharded" in both.job.options["only"]
    quantities: tuple[Quantity, ...] = ("jacobian", "hessian", "hvp", "jmp", "mjp")
    for quantity in quantities:
        _, shared = range_requests(spec(quantity=quantity, grows="devices"), devices=two)
        assert all(named(quantity, name).sharded for name in shared.job.options["only"])
    products = range_requests(spec(quantity="hvp", grows="devices"), devices=two)
    assert {each.job.options["vectors"] for each in products} == {32}


def test_depth_is_of_problems_that_have_some() -> None:
    assert depth_requests(spec()) == []
    assert depth_requests(spec(problem=OWN)) == []
    requests = depth_requests(spec(problem="rnn_rollout"))
    first = [(each.tag, each.job.options["quantity"]) for each in requests[:4]]
    assert first == [
        ("one JVP", "jmp"),
        ("one VJP", "mjp"),
        ("one VJP, each step checkpointed", "mjp"),
        ("one VJP, blocks checkpointed", "mjp"),
    ]
    assert [each.job.target["knobs"]["checkpoint"] for each in requests[:4]] == [
        *("nothing", "nothing", "each step", "blocks of steps"),
    ]
    assert {each.job.options["vectors"] for each in requests} == {1}
    assert {each.tag for each in depth_requests(spec(problem="square_mlp"))} == {
        *("one JVP", "one VJP"),
    }


def test_a_map_has_a_comparison_for_each_pair() -> None:
    assert map_requests(spec(problem="arrow")) == []
    chain = map_knobs(spec(problem="elementwise_chain"))
    assert [knob.name for knob in chain or ()] == ["length", "steps"]
    across, up = map_sizes(spec())
    requests = map_requests(spec(quantity="hessian"))
    assert [each.size for each in requests] == list(range(len(across) * len(up)))
    knobs = [each.job.target["knobs"] for each in requests]
    assert [(each["batch"], each["features"]) for each in knobs] == [
        (x, y) for y in up for x in across
    ]
    assert {each.job.options["quantity"] for each in requests} == {"jacobian"}


def test_a_tag_stands_for_the_strategy() -> None:
    row = rows()[0]
    assert Request(None, {}, 8).point(row) == (8, row)
    size, tagged = Request(None, {}, 8, tag="one JVP").point(row)
    assert (size, tagged.strategy, tagged.median_s) == (8, "one JVP", row.median_s)


def test_a_sweep_brings_plots_exponents_and_a_crossover(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    page.until(lambda: view.range.over.value == "batch")
    assert "Compares at batch size 8, 32, 128, 512 and 2,048." in str(view.range.head.object)
    view.range.button.clicks += 1
    page.until(lambda: view.range.button.disabled)

    def measured(job: Any) -> Any:
        batch = job.target["knobs"]["batch"]
        forward, reverse = 1e-5 * batch, 1e-3
        return Study(
            rows=tuple(
                row.but(median_s=s, low_s=s, high_s=s, n_in=3, n_out=batch)
                for row, s in zip(rows(), (forward, reverse), strict=False)
            ),
            empty_call_s=1e-9,
        )

    answer_all(explorer, page, runner, "range", measured)
    page.until(lambda: view.range.table.visible)
    assert view.range.times.panel is not None
    assert "from forward to reverse mode at batch size 100" in str(view.range._crossover.object)
    assert "it would be forward mode throughout" in str(view.range._crossover.object)
    cells = {row["cells"]["strategy"]["text"]: row["cells"] for row in view.range.table.rows}
    assert cells["forward/vmap"]["time"]["text"] == "batch size ^ 1.00"
    assert cells["reverse/vmap"]["time"]["text"] == "constant"


def test_a_sweep_over_devices_brings_the_speed_up(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened(query="?grows=devices")
    view = in_front(explorer, page)
    page.until(lambda: view.range.over.value == "devices")
    assert "between 1 and 2 devices. Memory is that of each" in str(view.range.head.object)
    assert view.range.speed_up.panel is None
    view.range.button.clicks += 1
    page.until(lambda: view.range.button.disabled)

    def measured(job: Any) -> Any:
        several = "," in job.options["device"]
        fast, slow = rows()[:2]
        if several:
            fast = fast.but(strategy="forward/vmap/sharded", median_s=0.8e-3, predicted_bytes=90)
            slow = slow.but(strategy="reverse/vmap/sharded", median_s=2e-3, predicted_bytes=150)
        return Study(rows=(fast, slow), empty_call_s=1e-9)

    answer_all(explorer, page, runner, "range", measured)
    plot = view.range.speed_up
    page.until(lambda: plot.panel is not None and "ideal" in str(plot.panel[0].object))
    said = str(plot.panel[0].object)
    assert "2 devices: reverse/vmap is 1.5 times as fast as on one, 75% of the ideal" in said
    cells = {row["cells"]["strategy"]["text"]: row["cells"] for row in view.range.table.rows}
    assert set(cells) == {"forward/vmap", "reverse/vmap"}
    assert cells["reverse/vmap"]["time"]["text"] == "devices ^ -0.58"


def test_what_grows_is_part_of_the_settings(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened(query="?grows=features")
    view = in_front(explorer, page)
    page.until(lambda: view.range.over.value == "features")
    view.range.over.value = "chunk_size"
    assert explorer.settings()["grows"] == "chunk_size"
    view.range.button.clicks += 1
    page.until(lambda: runner.of("compare"))
    chunked = [
        row.but(strategy=f"forward/chunked/{size}", mode="forward", chunk_size=size)
        for size, row in zip((1, 4), rows(), strict=False)
    ]
    runner.last("compare").finish(finished(Study(rows=tuple(chunked))))
    page.until(lambda: view.range.table.visible)
    (row,) = view.range.table.rows
    assert row["cells"]["strategy"]["text"] == "forward/chunked"


@pytest.mark.parametrize("query", ["?grows=%3Cb%3E", "?grows=" + "a" * 50])
def test_junk_that_can_not_grow_is_left_out(query: str) -> None:
    experiment, notices = Experiment.from_query(query)
    assert experiment.grows == ""
    assert len(notices) == 1


def test_the_depth_of_a_rollout(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    page.until(lambda: "does nothing in steps" in str(view.depth.head.object))
    assert not view.depth.button.visible
    explorer.experiment.problem = "rnn_rollout"
    page.until(lambda: view.depth.button.visible)
    view.depth.button.clicks += 1

    def measured(job: Any) -> Any:
        steps = job.target["knobs"]["steps"]
        size = 100 if job.options["quantity"] == "jmp" else 100 * steps
        row = Measurement(
            quantity="jmp", strategy="x", mode="forward", median_s=1e-3, predicted_bytes=size
        )
        return Study(rows=(row,), empty_call_s=1e-9)

    answer_all(explorer, page, runner, "depth", measured)
    page.until(lambda: view.depth.memory.panel is not None)
    said = str(view.depth.memory.panel[0].object)
    assert "one JVP 100 B → 100 B" in said
    assert "one VJP 100 B → 25.6 kB" in said


def test_a_map_says_where_the_rule_is_wrong(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    page.until(lambda: "16 pairs of batch size and features" in str(view.map.head.object))
    view.map.button.clicks += 1

    def measured(job: Any) -> Any:
        batch, features = job.target["knobs"]["batch"], job.target["knobs"]["features"]
        tie = batch == features
        found = tuple(
            row.but(n_in=features, n_out=batch, high_s=1.0 if tie else row.high_s)
            for row in rows()[:2]
        )
        return Study(rows=found, empty_call_s=1e-9)

    answer_all(explorer, page, runner, "map", measured)
    page.until(lambda: view.map.plot.panel is not None)
    said = str(view.map.plot.panel[0].object)
    assert "Of 16 pairs 16 to forward mode" in said or "to neither" in said
    against = sum(x < y for y in map_sizes(spec())[1] for x in map_sizes(spec())[0])
    assert f"At {against} of them the rule" in said


def test_a_wrong_result_wins_no_cell(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.map.button.clicks += 1

    def measured(job: Any) -> Any:
        fast, slow = rows()[:2]
        return Study(rows=(fast.but(error=0.5), slow), empty_call_s=1e-9)

    answer_all(explorer, page, runner, "map", measured)
    page.until(lambda: view.map.plot.panel is not None)
    assert "Of 16 pairs 16 to neither." in str(view.map.plot.panel[0].object)


def test_a_sweep_that_fails_or_is_cancelled_says_so(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.range.button.clicks += 1
    page.until(lambda: runner.of("compare"))
    runner.last("compare").finish(Outcome("failed", "It is <b>broken</b>."))
    page.until(lambda: "broken" in str(view.range.status.object))
    assert "<b>broken" not in str(view.range.status.object)
    page.until(lambda: not view.range.button.disabled)
    view.map.button.clicks += 1
    page.until(lambda: explorer.session.comparing is not None)
    explorer.session.cancel()
    page.until(lambda: "Cancelled before anything was timed." in str(view.map.status.object))
