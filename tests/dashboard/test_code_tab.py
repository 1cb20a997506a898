"""The tab *Code*: scripts that follow what is on the screen, and the study as files."""

from __future__ import annotations

import csv
import json
from typing import Any

from jacoscope import Study
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._code import snippet
from jacoscope_dashboard._product_code import products_snippet
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, run, study


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
