"""What goes wrong with a function is said alike in the terminal, on the page and in Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from jacoscope import Study
from jacoscope.run import Job, Outcome, function_target
from jacoscope.run._inline import Finished, run_job
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._table import SortableTable
from jacoscope_dashboard.terminal._report import study_report
from tests.core.odd_functions import MORE, TWENTY_FIVE, Odd, compared, seen
from tests.dashboard.helpers import Pump, finished, text

pytestmark = pytest.mark.usefixtures("quickly_compiled")

PATIENCE_S = 60.0


class Here:
    """Does what the page asks for in this process; its comparison brings a study that is there."""

    def __init__(self, odd: Odd, study: Study) -> None:
        self._odd, self._study = odd, study

    def submit(self, job: Job, on_event: Callable[[dict[str, Any]], None] | None = None) -> Any:
        if job.kind == "compare":
            return Finished(finished(self._study))
        if self._odd.status in ("refused", "timed_out"):  # what only another process stands
            return Finished(Outcome("failed", self._study.rows[0].message))
        return Finished(run_job(job, on_event or (lambda event: None)))

    def close(self) -> None:
        pass


def flat(said: str) -> str:
    return " ".join(said.split())


def tables(explorer: Explorer, study: Study) -> list[Any]:
    """The page's tables with a row for each of the study's."""
    strategies = {row.strategy for row in study.rows}
    found: list[Any] = explorer.body.select(SortableTable)
    return [
        each
        for each in found
        if {row["cells"]["strategy"]["text"] for row in each.rows} == strategies
    ]


@pytest.mark.parametrize("odd", [*TWENTY_FIVE, *MORE], ids=str)
def test_each_sentence_is_in_the_terminal_and_on_the_page(odd: Odd, page: Pump) -> None:
    seen.clear()
    study = compared(odd.f, odd.x, **dict(odd.options))
    sentences = {flat(row.message) for row in study.rows} - {""}
    assert bool(sentences) == bool(odd.says)
    terminal = flat(study_report(study, 100))
    explorer = Explorer(own=function_target(odd.f, odd.x), runner=Here(odd, study), hop=page.hop)
    page.until(lambda: explorer.session.matrix.state != "busy", PATIENCE_S)
    first = text(explorer)
    explorer.run()
    page.until(lambda: explorer.study is not None and tables(explorer, study), PATIENCE_S)
    [table] = tables(explorer, study)
    notes = flat(" ".join(row["cells"]["note"]["text"] for row in table.rows))
    for sentence in sentences:
        assert sentence in terminal
        assert sentence in notes
    if odd.status != "ok" and not odd.failing:
        assert "No matrix." in first
        assert re.search(odd.says, unescape(first), re.DOTALL), first
