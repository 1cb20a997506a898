"""On the tab Products: the orders of a Hessian's product, and many vectors at once."""

from __future__ import annotations

from html import escape

import numpy as np
import pytest

from jacoscope import Measurement, Study
from jacoscope.run import Outcome
from jacoscope_dashboard._requests import MANY_VECTORS
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, finished, text
from tests.dashboard.product_data import orders, products
from tests.dashboard.test_products import in_front
from tests.hostile import MARK


def hvp_rows() -> list[Measurement]:
    return [
        Measurement(quantity="hvp", strategy=f"hvp/{order}", order=order, median_s=seconds,
                    predicted_bytes=size, n_in=4, n_out=1)
        for order, seconds, size in (
            ("forward_over_reverse", 1e-3, 100), ("full_hessian", 5e-3, 5_000),
        )
    ]  # fmt: skip


def test_orders_of_a_function_to_a_number(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened(query="problem=tanh_sum&rows=2&columns=2")
    view = in_front(explorer, page)
    page.until(lambda: view.orders.panel.visible and view.orders.table.visible)
    assert view.orders.bars.vector["values"] == [2, 2, 2, 2]
    assert "orders agree but for rounding" in text(explorer)
    cells = [row["cells"] for row in view.orders.table.rows]
    assert cells[0]["difference"] == {"text": "0", "sort": 0.0}
    assert cells[0]["median"] == {"text": "", "sort": None}
    assert cells[4]["note"]["text"] == "It can't be <b>had</b>."  # the table sets text
    view.orders.measure.clicks += 1
    job = runner.last("compare")
    assert (job.job.options["quantity"], job.job.options["vectors"]) == ("hvp", 1)
    job.finish(finished(Study(rows=tuple(hvp_rows()), title="T", empty_call_s=1e-6)))
    page.until(lambda: view.orders.table.rows[0]["cells"]["median"]["text"])
    cells = [row["cells"] for row in view.orders.table.rows]
    assert cells[0]["median"] == {"text": "1 ms", "sort": 1e-3}
    assert cells[3]["memory"] == {"text": "5 kB", "sort": 5_000}
    assert "Not measured with one vector" in cells[4]["note"]["text"]
    page.until(lambda: "Time of each order" in text(explorer))
    assert explorer.study is None  # the tab Compare is not concerned
    explorer.experiment.tangent = "ones"  # no other measurement
    page.until(lambda: view.controls["tangent"].field is None)
    assert view.orders.table.rows[0]["cells"]["median"]["text"] == "1 ms"
    explorer.experiment.set_knob("rows", 3)
    page.until(lambda: view.orders.table.rows[0]["cells"]["median"]["text"] == "")
    explorer.experiment.problem = "logistic_regression"
    page.until(lambda: not view.orders.panel.visible)


def test_orders_that_disagree_say_so(opened: Open, page: Pump, runner: FakeRunner) -> None:
    runner.hold = ("products",)
    explorer = opened(query="problem=tanh_sum", tab="products")
    page.until(lambda: runner.of("products"))
    runner.last("products").finish(Outcome("ok", value=products(np.ones((1, 4)))))
    page.until(lambda: len(runner.of("products")) == 2)
    assert runner.last("products").job.options["part"] == "orders"
    wrong = orders(np.ones((1, 4)), largest_difference=0.3)
    runner.last("products").finish(Outcome("ok", value=wrong))
    page.until(lambda: "disagree (relative difference 0.3)" in text(explorer))


def many(count: int, seconds: float = 1e-3) -> Study:
    rows = [
        Measurement(quantity="jmp", strategy=f"forward/{way}", mode="forward", tie=False,
                    median_s=factor * seconds, vectors=count, n_in=3, n_out=4)
        for way, factor in (("vmap", 1.0), ("loop", 4.0))
    ]  # fmt: skip
    return Study(rows=tuple(rows), title="T", empty_call_s=1e-6)


@pytest.mark.parametrize(("quantity", "seconds"), [("jmp", 1e-3), ("mjp", 1e-6)])
def test_many_vectors(
    opened: Open, page: Pump, runner: FakeRunner, quantity: str, seconds: float
) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    part = view.many.parts[quantity]
    assert part.measure.label == f"Measure {quantity.upper()}"
    part.measure.clicks += 1
    for number, count in enumerate(MANY_VECTORS):
        page.until(lambda number=number: len(runner.of("compare")) == number + 1)
        job = runner.last("compare")
        assert (job.job.options["quantity"], job.job.options["vectors"]) == (quantity, count)
        assert explorer.controls.run.disabled
        job.finish(finished(many(count, seconds)))
    page.until(lambda: not explorer.session.busy and part.table is not None)
    page.until(lambda: not part.measure.disabled)
    assert not explorer.controls.run.disabled
    assert [column["label"] for column in part.table.columns] == [
        "Strategy", "1 vector", "4 vectors", "16 vectors", "64 vectors",
    ]  # fmt: skip
    assert part.table.rows[1]["cells"]["64"]["sort"] == 4 * seconds
    if seconds == 1e-3:
        assert "With 64 vectors forward/vmap is fastest, 1 ms; forward/loop takes 4 times" in text(
            explorer
        )
    else:
        assert "too small to tell" in text(explorer)
    explorer.experiment.set_knob("batch", 5)
    page.until(lambda: not part.table_box.visible)


def test_cancel_of_many_vectors(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    view.many.parts["jmp"].measure.clicks += 1
    page.until(lambda: not explorer.controls.cancel.disabled)
    explorer.controls.cancel.clicks += 1
    page.until(lambda: "Cancelled before anything was timed." in text(explorer))
    assert runner.last("compare").cancelled
    explorer.close()


@pytest.mark.parametrize("part", ["orders", "jmp"])
def test_what_a_worker_says_of_its_progress_is_text(
    opened: Open, page: Pump, runner: FakeRunner, part: str
) -> None:
    explorer = opened(query="problem=tanh_sum&rows=2&columns=2")
    view = in_front(explorer, page)
    page.until(lambda: view.orders.panel.visible)
    chosen = view.orders if part == "orders" else view.many.parts[part]
    chosen.measure.clicks += 1
    page.until(lambda: runner.of("compare"))
    said = {"type": "stage", "stage": "compile", "done": MARK, "total": 0, "left_s": None}
    runner.last("compare").emit(**said)
    page.until(lambda: f"Compiled {escape(MARK)} of 0" in text(explorer))
    assert MARK not in text(explorer)
