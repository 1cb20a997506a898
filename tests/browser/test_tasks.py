"""What people come for, in at most four actions from load: each is counted."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import jacoscope as jsc
from tests.browser.conftest import ENOUGH, Visit
from tests.browser.test_numbers import assert_that_table_and_frame_agree

pytestmark = pytest.mark.browser

MOST = 4


class Actions:
    """A visitor who counts what they do."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.done = visit, 0

    def click(self, name: str) -> None:
        self.done += 1
        self.visit.page.get_by_role("button", name=name, exact=True).click()

    def type(self, label: str, text: str) -> None:
        self.done += 1
        self.visit.type(label, text)


def test_the_first_comparison_is_of_a_telling_size(visit: Visit) -> None:
    visit.open()
    actions = Actions(visit)
    actions.click("Run")
    visit.says("may be too small to tell one way from another")
    verdict = visit.verdict()  # how often it names a winner: benchmarks/visits.py
    visit.says("measured here" if "is fastest" in verdict else re.compile("measured|estimated"))
    visit.says(re.compile("^The textbook says"))
    assert actions.done <= MOST


def test_is_forward_or_reverse_faster_at_batch_256(visit: Visit) -> None:
    visit.open(f"?{ENOUGH}")
    actions = Actions(visit)
    actions.type("Batch size", "256")
    actions.click("Run")
    visit.verdict()
    assert actions.done <= MOST
    visit.page.get_by_role("button", name="Run", exact=True, disabled=False).wait_for()
    table = visit.page.get_by_role("table").filter(has_text="jax.jacfwd")
    for mode in ("forward/vmap", "reverse/vmap"):
        line = table.get_by_role("row").filter(has_text=mode)
        assert re.search(r"\d [µm]?s", line.first.inner_text())
    assert_that_table_and_frame_agree(visit)


def test_which_is_the_largest_chunk_under_a_memory_limit(visit: Visit) -> None:
    visit.open(f"?problem=outer_product&hidden=512&inputs=512&{ENOUGH}")
    actions = Actions(visit)
    actions.click("More")
    actions.type("Memory limit", "100MB")
    actions.click("Run")
    said = visit.page.get_by_text(re.compile(r"The largest chunk size that fits is \d+"))
    said.first.wait_for()
    assert actions.done <= MOST


def test_the_code(visit: Visit) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open()
    actions = Actions(visit)
    actions.click("Copy code")
    visit.says("Copied")
    assert actions.done <= MOST
    script = visit.page.evaluate("navigator.clipboard.readText()")
    p = jsc.problem("logistic_regression")
    made: dict[str, Any] = {"f": p.f, "x": p.x}
    exec(compile(script, "copied", "exec"), made)  # it runs as it is, on the reader's f and x
    assert p.jacobian is not None
    np.testing.assert_allclose(made["J"], p.jacobian(p.x), rtol=1e-5, atol=1e-6)
