"""The numbers on the page are the study's: both are read, and held against each other."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from jacoscope._units import format_bytes, format_seconds, significant
from tests.browser.conftest import ENOUGH, Visit

pytestmark = pytest.mark.browser

PROBLEMS = ("problem=square_mlp&width=24", "problem=broyden_tridiagonal")  # and in test_tasks


def number(text: str) -> float | None:
    return float(text) if text else None


def read_table(visit: Visit) -> dict[str, dict[str, str]]:
    """Strategy → heading → what stands in the cell."""
    table = visit.page.get_by_role("table").filter(has_text="jax.jacfwd")
    headings = [each.strip() for each in table.get_by_role("columnheader").all_inner_texts()]
    found = {}
    for line in table.locator("tbody tr").all():
        cells = [each.evaluate("cell => [...cell.childNodes].filter((node) => node.nodeType === 3)"
                               ".map((node) => node.textContent).join('')")
                 for each in line.get_by_role("cell").all()]  # fmt: skip
        tags = line.locator(".tag").all_inner_texts()
        found[cells[0].strip()] = dict(zip(headings, cells, strict=True)) | {
            word: str(word in tags) for word in ("tie", "noisy")
        }
    return found


def shown(row: dict[str, str]) -> dict[str, str]:
    """What the page has to show of a row of the frame."""
    parts = [number(row[name]) for name in ("trace_s", "lower_s", "compile_s")]
    known = [part for part in parts if part is not None]
    texts: dict[str, tuple[Any, Any]] = {
        "Time": (number(row["median_s"]), format_seconds),
        "Compiling": (sum(known) if known else None, format_seconds),
        "Predicted": (number(row["predicted_bytes"]), format_bytes),
        "Passes": (number(row["passes"]), lambda count: f"{count:,.0f}"),
        "Error": (number(row["error"]), lambda error: significant(error, 2)),
    }
    marks = {word: row[word] for word in ("tie", "noisy")}
    return marks | {
        name: "" if value is None else say(value) for name, (value, say) in texts.items()
    }


@pytest.mark.parametrize("query", PROBLEMS)
def test_the_table_shows_the_frames_numbers(visit: Visit, query: str) -> None:
    visit.open(f"?{query}&{ENOUGH}")
    visit.compare()
    assert_that_table_and_frame_agree(visit)


def assert_that_table_and_frame_agree(visit: Visit) -> None:
    there = read_table(visit)
    visit.page.get_by_role("tab", name="Code", exact=True).click()
    ready = visit.page.get_by_role("button", name="CSV", exact=True, disabled=False)
    with visit.page.expect_download() as coming:
        ready.click()
    with coming.value.path().open(newline="") as file:
        frame = {row["strategy"]: row for row in csv.DictReader(file)}
    assert set(there) == set(frame)
    said = {name: (row["status"], row["message"]) for name, row in frame.items()}
    assert sum(bool(cells["Time"]) for cells in there.values()) >= 3, said
    for strategy, cells in there.items():
        expected = shown(frame[strategy])
        assert {name: cells[name] for name in expected} == expected, strategy
