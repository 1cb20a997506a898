"""The tab *Code*: scripts that follow what is on the screen, and the study as files."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from importlib.util import find_spec
from typing import Any

import nbformat
import pandas as pd
import pytest

from jacoscope import Study
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._code import snippet
from jacoscope_dashboard._product_code import products_snippet
from jacoscope_dashboard.views import _code as code_view
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, run, study, text


def in_front(explorer: Explorer, page: Pump) -> Any:
    explorer.tab = "code"
    page.until(lambda: "code" in explorer.later and explorer.later["code"].matrix.code)
    return explorer.later["code"]


def test_the_scripts_follow_the_settings(opened: Open, page: Pump) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    assert view.matrix.code == snippet(explorer.settings())
    assert view.products.code == products_snippet(explorer.settings())
    page.until(lambda: view.plain.code)
    assert view.plain.code == explorer.advice.code.code
    explorer.experiment.mode = "reverse"
    explorer.experiment.tangent = "ones"
    page.until(lambda: 'mode="reverse"' in view.matrix.code)
    assert "ones_like(flat)" in view.products.code


def test_a_tab_that_is_not_in_front_waits(opened: Open, page: Pump) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    explorer.tab = "jacobian"
    explorer.experiment.mode = "reverse"
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert 'mode="reverse"' not in view.matrix.code
    explorer.tab = "code"
    page.until(lambda: 'mode="reverse"' in view.matrix.code)


def test_the_study_is_there_as_files(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    assert view.csv.disabled
    assert view.json.disabled
    found = study()
    run(explorer, page, runner, found)
    explorer.tab = "code"
    page.until(lambda: not view.csv.disabled)
    lines = list(csv.DictReader(view.csv.callback()))
    assert [line["strategy"] for line in lines] == [row.strategy for row in found.rows]
    assert Study.from_plain(json.loads(view.json.callback().read())) == explorer.study
    report = asyncio.run(view.report.callback()).read()
    assert report.startswith("<!DOCTYPE html>")
    assert "forward/vmap is fastest" in report


def cells(view: Any) -> list[str]:
    written = nbformat.reads(view.notebook.callback().read(), as_version=4)
    nbformat.validate(written)
    return [each.source for each in written.cells if each.cell_type == "code"]


def test_the_notebook_is_of_what_was_compared(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened(query="batch=6&time_limit=20&memory_limit=1GB&chunk_size=4&device=cpu:1")
    view = in_front(explorer, page)
    run(explorer, page, runner, study())
    explorer.experiment.set_knob("batch", 7)  # after it was compared
    assert cells(view)[1] == 'p = jsc.problem("logistic_regression", batch=6)\nf, x = p.f, p.x'
    options = 'chunk_sizes=(4, 8, 64, 256), device="cpu:1", memory_limit=1000000000'
    assert cells(view)[2] == f"study = jsc.compare(f, x, {options}, time_limit=20.0)"
    assert "ravel_pytree" in cells(view)[4]  # for a pytree, which the other batch size leaves open


def test_the_code_of_an_array_stays_short(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened(query="batch=6")
    view = in_front(explorer, page)
    run(explorer, page, runner, study())
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert "ravel_pytree" not in cells(view)[4]
    assert (
        "ravel_pytree" not in asyncio.run(view.report.callback()).read().partition("<pre")[2][:3000]
    )


def test_the_notebook_of_ones_own_function_leaves_it_a_place(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened(own={"kind": "own", "title": "mine"})
    view = in_front(explorer, page)
    run(explorer, page, runner, study())
    assert cells(view)[1].startswith("# Put your function and your point here")


@pytest.mark.parametrize("there", [False, True])
def test_parquet_takes_pyarrow(
    opened: Open, page: Pump, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr(code_view, "find_spec", lambda _: there or None)
    explorer = opened()
    view = in_front(explorer, page)
    assert view.parquet.disabled
    run(explorer, page, runner, study())
    explorer.tab = "code"
    page.until(lambda: not view.csv.disabled)
    assert view.parquet.disabled is not there
    assert ("pip install pyarrow" in text(explorer)) is not there


def test_parquet_is_the_frame(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = in_front(explorer, page)
    found = study()
    run(explorer, page, runner, found)
    if find_spec("pyarrow") is None:  # an option: without it the button can't be pressed
        assert view.parquet.disabled
        return
    frame = pd.read_parquet(io.BytesIO(view.parquet.callback().read()))
    assert list(frame["strategy"]) == [row.strategy for row in found.rows]


def test_what_is_there_when_the_tab_is_built_is_in_it_from_the_start(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    run(explorer, page, runner, study())
    view = code_view.CodeView(explorer)  # of which no piece has been shown yet
    assert not any(each.disabled for each in (view.report, view.notebook, view.csv, view.json))
    assert "jacobian" in view.matrix.code
