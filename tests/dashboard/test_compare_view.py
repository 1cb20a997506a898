"""The tab *Compare* while a comparison is under way: what it draws disturbs what is timed."""

from __future__ import annotations

from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, finished, in_front, rows, study


def test_figures_are_drawn_seldom_while_rows_come(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    explorer.controls.run.clicks += 1
    view = in_front(explorer, page)
    job = runner.last("compare")

    def drawn() -> int:
        """How many rows the figure of compiling shows."""
        return len(view._compile._shown[0]) if view._compile._shown else 0

    for place, row in enumerate(rows(), 1):
        job.emit(type="row", row=row.to_plain())
        page.until(lambda place=place: len(view.table.rows) == place)
        assert drawn() <= 1
    page.until(lambda: drawn() == 1)
    view.set_dark()
    page.until(lambda: drawn() == len(rows()))
    job.finish(finished(study()))
    page.until(lambda: explorer.study is not None)
    assert drawn() == len(study().rows)


def test_a_comparison_of_the_page_waits_for_the_page(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    explorer.controls.run.clicks += 1
    page.until(lambda: runner.of("compare"))
    assert runner.last("compare").job.options["quiet_s"] > 1
