"""The report in a browser: from disk, with no network, and with all figures drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jacoscope import Study
from jacoscope_dashboard._report import read_study, write_report
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import violations
from tests.dashboard.report_data import FIGURES, hostile, study, untimed
from tests.hostile import hover_over_it, shown, traces

pytestmark = pytest.mark.browser

# How many colors the canvases of a figure show.
INKS = """plot => {
  const colors = new Set()
  const walk = (node) => {
    for (const child of [...node.children, ...(node.shadowRoot?.children ?? [])]) {
      walk(child)
      if (child instanceof HTMLCanvasElement && child.width && child.height) {
        const {data} = child.getContext("2d").getImageData(0, 0, child.width, child.height)
        for (const pixel of new Uint32Array(data.buffer)) if (pixel) colors.add(pixel)
      }
    }
  }
  walk(plot)
  return colors.size
}"""
Read = Callable[..., Any]


@pytest.fixture
def read(browser: Any, tmp_path: Path) -> Iterator[Read]:
    """Opens the report of a study; at the end nothing may have gone wrong in it."""
    wrong: list[str] = []
    contexts = []

    def logged(message: Any) -> None:
        if message.type == "error":
            wrong.append(message.text)

    def read(found: Study, *, width: int = 1280, dark: bool = False) -> Any:
        path = tmp_path / "report.html"
        write_report(found, path)
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
        )
        context.set_offline(True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", logged)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(path.as_uri())
        drawn(page, "dark" if dark else "light")
        return page

    yield read
    for context in contexts:
        context.close()
    assert wrong == []


def drawn(page: Any, scheme: str) -> None:
    page.wait_for_selector(f"html[data-drawn={scheme}]")
    page.wait_for_timeout(500)  # canvases are painted a frame after their layout


def check(page: Any) -> None:
    assert page.locator(".bk-Figure").count() == len(FIGURES)
    for key in FIGURES:
        plot = page.locator(f"#{key}")
        assert plot.bounding_box()["height"] > 200
        assert plot.evaluate(INKS) > 10, key
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth") == page.evaluate(f"{root}.clientWidth")


@pytest.mark.parametrize("width", [1280, 600])
@pytest.mark.parametrize("dark", [False, True])
def test_all_figures_are_drawn_without_a_network(read: Read, width: int, dark: bool) -> None:
    page = read(study(), width=width, dark=dark)
    check(page)
    assert violations(page) == []
    for each in page.locator("summary").all():
        each.click()
    check(page)


def test_another_color_scheme_draws_anew(read: Read) -> None:
    page = read(study())
    page.emulate_media(color_scheme="dark")
    drawn(page, "dark")
    check(page)


def test_no_text_of_a_study_runs(read: Read) -> None:
    page = read(hostile(), width=600)
    check(page)
    for place in ("h1", "td", "th", "dd", ".advice, figcaption, figure p"):
        shown(page.locator(place))
    for key in ("time", "memory"):
        page.locator(f"#{key}").scroll_into_view_if_needed()
        hover_over_it(page)
    assert traces(page) == []


def test_without_a_time_it_is_still_a_page(read: Read) -> None:
    page = read(untimed(), width=600)
    page.get_by_text("Nothing was measured that a figure could show.").wait_for()
    assert page.locator(".bk-Figure").count() == 0


def test_a_figure_and_the_study_are_saved(read: Read) -> None:
    page = read(study())
    with page.expect_download() as coming:
        page.get_by_role("button", name="Save as SVG: Memory").click()
    assert coming.value.suggested_filename == "memory.svg"
    assert "jax.jacfwd" in Path(coming.value.path()).read_text()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Save study.json").click()
    there = json.loads(Path(coming.value.path()).read_text())
    assert Study.from_plain(there) == study()
    page.get_by_role("button", name="Copy code").click()
    page.get_by_text("Copied").or_(page.get_by_text("It is selected below.")).wait_for()


def test_the_page_gives_the_report_and_each_figure(visit: Visit) -> None:
    visit.open("?batch=64")
    run = visit.page.get_by_role("button", name="Run", exact=True)
    run.click()
    run.and_(visit.page.get_by_role("button", disabled=True)).wait_for()
    run.and_(visit.page.get_by_role("button", disabled=False)).wait_for()
    visit.page.get_by_role("heading", name="Time against memory", exact=True).wait_for()
    figure = visit.page.locator(".bk-Figure").filter(visible=True).first
    figure.hover()
    with visit.page.expect_download() as coming:
        figure.get_by_title("Save as SVG").click()
    assert coming.value.suggested_filename == "figure.svg"
    assert Path(coming.value.path()).read_text().startswith("<svg")
    visit.page.get_by_role("tab", name="Code", exact=True).click()
    files = []
    for name in ("Report", "JSON"):
        ready = visit.page.get_by_role("button", name=name, exact=True, disabled=False)
        with visit.page.expect_download() as coming:
            ready.click()
        files.append(coming.value.path())
    report, plain = files
    assert read_study(report) == read_study(plain)
