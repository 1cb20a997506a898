"""The tab Products without a browser: what is asked, what is drawn, what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacoscope.run import Outcome
from jacoscope_dashboard import Explorer
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, answer, text
from tests.dashboard.product_data import products

J = np.arange(12.0).reshape(4, 3)


def there(explorer: Explorer) -> bool:
    """Whether the tab is there, with its vectors."""
    view: Any = explorer.later.get("products")
    return view is not None and view.waiting.content.visible


def in_front(explorer: Explorer, page: Pump) -> Any:
    """The tab, once its vectors are drawn."""
    explorer.tab = "products"
    page.until(lambda: there(explorer))
    page.until(lambda: "products" in explorer.later and explorer.later["products"].many is not None)
    return explorer.later["products"]


def cards(view: Any) -> dict[str, Any]:
    return view.board.picture["cards"]


def label(widget: Any) -> str:
    return str(widget.label)


def test_nothing_is_asked_before_the_tab_is_opened(opened: Open, runner: FakeRunner) -> None:
    explorer = opened()
    assert runner.of("products") == []
    assert "products" not in explorer.later


def test_first_sight(opened: Open, page: Pump, runner: FakeRunner) -> None:
    view = in_front(opened(), page)
    (handle,) = runner.of("products")
    assert handle.job.options["tangent"] == {"kind": "basis", "index": 0}
    assert list(cards(view)) == ["tangent", "pulled", "cotangent", "pushed"]
    assert cards(view)["tangent"]["editable"]
    assert not cards(view)["pushed"]["editable"]
    assert cards(view)["tangent"]["values"] == [1, 0, 0]
    assert cards(view)["pushed"]["values"] == [1, 4, 7, 10]
    assert cards(view)["pulled"]["values"] == [1, 2, 3]
    assert cards(view)["pushed"]["kind"] == "forward"
    assert cards(view)["pulled"]["kind"] == "reverse"


def test_what_is_said(opened: Open, page: Pump) -> None:
    explorer = opened()
    in_front(explorer, page)
    page.until(lambda: "One number, two ways" in text(explorer))
    said = text(explorer)
    assert "J v is column 0 of J: how all 4 outputs move with x[0]" in said
    assert "Jᵀ u is row 0 of J: how y[0] moves with all 3 inputs" in said
    assert "The same to the last digit" in said
    assert "<summary>Values</summary>" in said


def test_the_widgets_change_the_vector_and_follow_it(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    page.until(lambda: view.controls["tangent"].kind.options)
    assert (label(view.controls["tangent"].kind), label(view.controls["tangent"].field)) == (
        "Tangent",
        "Tangent index",
    )
    view.controls["tangent"].field.value = "2"
    page.until(lambda: cards(view)["tangent"]["values"] == [0, 0, 1])
    assert explorer.experiment.tangent == "basis:2"
    view.controls["tangent"].field.value = "3"  # x has three numbers
    assert view.controls["tangent"].field.error_state
    assert explorer.experiment.tangent == "basis:2"
    view.controls["tangent"].kind.value = "values"
    page.until(lambda: label(view.controls["tangent"].field) == "Tangent values")
    assert view.controls["tangent"].field.value == "0, 0, 1"  # from where it was
    view.controls["tangent"].field.value = "0.5, -1, 2"
    page.until(lambda: cards(view)["pushed"]["values"][0] == 1 * 0.5 - 2 + 3 * 2)
    view.controls["tangent"].field.value = "1, 2"
    assert view.controls["tangent"].field.helper_text == "Give 3 numbers, as 0.5, −1."
    view.controls["cotangent"].kind.value = "ones"
    page.until(lambda: cards(view)["pulled"]["values"] == [22, 26, 30])
    assert view.controls["cotangent"].field is None
    view.controls["cotangent"].kind.value = "random"
    page.until(lambda: label(view.controls["cotangent"].field) == "Cotangent seed")
    explorer.experiment.reset()
    page.until(lambda: cards(view)["tangent"]["values"] == [1, 0, 0])
    assert label(view.controls["tangent"].field) == "Tangent index"
    assert len(runner.of("matrix")) == 1  # the matrix stays the same


def test_long_vectors_are_not_edited_one_by_one(opened: Open, page: Pump) -> None:
    explorer = opened()
    explorer.experiment.set_knob("batch", 40)
    view = in_front(explorer, page)
    page.until(lambda: "values" not in view.controls["cotangent"].kind.options.values())
    assert not cards(view)["cotangent"]["editable"]
    assert "values" in view.controls["tangent"].kind.options.values()


def test_a_drag_is_answered_and_kept_when_it_ends(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.board.edit = {"which": "tangent", "values": [0.5, 0, 0], "done": False}
    page.until(lambda: cards(view)["pushed"]["values"][0] == 0.5)
    assert explorer.experiment.tangent == "basis:0"
    view.board.edit = {"which": "tangent", "values": [0.25, 0, 0], "done": True}
    page.until(lambda: cards(view)["pushed"]["values"][0] == 0.25)
    assert explorer.experiment.tangent == "0.25,0,0"
    page.until(lambda: label(view.controls["tangent"].field) == "Tangent values")
    view.board.edit = {"which": "cotangent", "values": [0, 1, 0, 0], "done": True}
    page.until(lambda: cards(view)["pulled"]["values"] == [4, 5, 6])
    assert explorer.settings()["cotangent"] == "0,1,0,0"


def test_only_the_newest_of_a_drag_is_computed_and_nothing_is_killed(
    opened: Open, page: Pump, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jacoscope_dashboard._matrix.PATIENCE_S", 0.02)
    view = in_front(opened(), page)
    runner.hold = ("products",)
    for step in range(10):
        view.board.edit = {"which": "tangent", "values": [step, 0, 0], "done": False}
    before = len(runner.of("products"))
    first = runner.last("products")
    page.until(lambda: True, 0.1)
    assert not first.cancelled
    first.finish(answer(first.job))
    page.until(lambda: len(runner.of("products")) == before + 1)
    last = runner.last("products")
    assert last.job.options["tangent"]["values"] == [9.0, 0.0, 0.0]
    last.finish(answer(last.job))
    page.until(lambda: cards(view)["pushed"]["values"][0] == 9)


@pytest.mark.parametrize(
    "edit",
    [
        {},
        {"which": "tangent"},
        {"which": "problem", "values": [1, 2, 3], "done": True},
        {"which": "tangent", "values": "abc", "done": True},
        {"which": "tangent", "values": [None, "x"], "done": True},
        {"which": "tangent", "values": [float("nan"), 1, 2], "done": True},
        {"which": "tangent", "values": [1.0] * 50, "done": True},
    ],
)
def test_junk_from_a_browser_changes_nothing(
    opened: Open, page: Pump, runner: FakeRunner, edit: dict[str, Any]
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    settings, count = explorer.settings(), len(runner.of("products"))
    view.board.edit = edit
    page.until(lambda: True)
    assert explorer.settings() == settings
    assert len(runner.of("products")) == count


def test_a_plane_and_its_circle(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened(query="problem=plane_map&radius=0.2&tangent=0.6,0.8")
    view = in_front(explorer, page)
    assert list(cards(view)) == ["inputs", "outputs"]
    inputs, outputs = cards(view)["inputs"], cards(view)["outputs"]
    assert [(arrow["label"], arrow["editable"]) for arrow in inputs["arrows"]] == [
        ("v", True), ("Jᵀu", False),
    ]  # fmt: skip
    assert outputs["arrows"][1]["values"] == pytest.approx([0.6 + 1.6, 1.8 + 3.2])
    assert [shape["kind"] for shape in outputs["shapes"]] == ["filled", "curve"]
    ends = np.array([axis["to"] for axis in outputs["axes"]])
    singular = np.linalg.svd([[1, 2], [3, 4]], compute_uv=False)
    np.testing.assert_allclose(np.linalg.norm(ends, axis=1), singular)
    page.until(lambda: view._radius_box.visible)
    assert "singular values" in text(explorer)
    assert runner.last("products").job.options["radius"] == 0.2
    view.radius.value = 0.05
    page.until(lambda: runner.last("products").job.options["radius"] == 0.05)
    explorer.experiment.problem = "logistic_regression"
    page.until(lambda: not view._radius_box.visible)


def test_a_mode_that_can_not_pass_leaves_the_other(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    runner.hold = ("products",)
    explorer = opened(tab="products")
    page.until(lambda: runner.of("products"))
    evil = "Reverse mode can't pass <b>this</b>."
    missing = products(
        J, pulled=None, reverse_message=evil, inner_reverse=None, difference=None, rounding=None
    )
    runner.last("products").finish(Outcome("ok", value=missing))
    view = in_front(explorer, page)
    page.until(lambda: "One number, two ways" in text(explorer))
    assert cards(view)["pulled"]["missing"]
    assert cards(view)["pulled"]["note"] == evil  # set as text by the browser
    assert not cards(view)["pushed"].get("missing")
    assert "reverse mode can&#x27;t pass f" in text(explorer)
    assert "row 0 of J" not in text(explorer)
    assert "<b>this</b>" not in text(explorer)


def test_loading_failed_and_cancelled(opened: Open, page: Pump, runner: FakeRunner) -> None:
    runner.hold = ("products",)
    explorer = opened(tab="products")
    page.until(lambda: runner.of("products"))
    page.until(lambda: "The vectors are on their way" in text(explorer))
    runner.last("products").finish(Outcome("failed", "f raised <i>ValueError</i>."))
    page.until(lambda: "No vectors." in text(explorer))
    assert "f raised &lt;i&gt;ValueError" in text(explorer)
    explorer.experiment.tangent = "ones"
    page.until(lambda: explorer.session.products.state == "busy")
    explorer.controls.cancel.clicks += 1
    page.until(lambda: "Cancelled before the vectors were there." in text(explorer))
    runner.hold = ()
    explorer.experiment.tangent = "random:0"
    page.until(lambda: there(explorer))
    page.until(lambda: "Cancelled" not in text(explorer))


def test_a_vector_that_does_not_fit_is_told(opened: Open, page: Pump, runner: FakeRunner) -> None:
    runner.hold = ("products",)
    explorer = opened(tab="products")
    page.until(lambda: runner.of("products"))
    value = products(J)
    value["tangent"]["note"] = "There is no basis vector 7 among 3 numbers."
    runner.last("products").finish(Outcome("ok", value=value))
    page.until(lambda: "There is no basis vector 7" in text(explorer))


def test_a_hidden_tab_asks_nothing_and_catches_up(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    explorer.tab = "jacobian"
    page.until(lambda: not view.active)
    count = len(runner.of("products"))
    explorer.experiment.tangent = "ones"
    page.until(lambda: True)
    assert len(runner.of("products")) == count
    explorer.tab = "products"
    page.until(lambda: cards(view)["tangent"]["values"] == [1, 1, 1])


def test_dark_drawings_for_a_dark_page(opened: Open, page: Pump) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    light = view.board.colors
    explorer.dark = True
    page.until(lambda: view.board.colors != light)


def test_the_code_of_the_tab(opened: Open) -> None:
    explorer = opened()
    assert "jsc.jvp" not in explorer.code()
    explorer.tab = "products"
    explorer.experiment.tangent = "0.5,1,2"
    assert "y, pushed = jsc.jvp(f, x, v)" in explorer.code()
    assert "jnp.array([0.5, 1, 2], flat.dtype)" in explorer.code()
