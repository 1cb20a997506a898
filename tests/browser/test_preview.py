"""What the page shows in Chromium before its scripts have come, and when they can't."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
# Where the first figure's frame is: left, top, width, height.
FRAME = """() => {
  const [view] = Bokeh.index.query((each) => each.frame && each.canvas_view)
  const {left, top} = view.el.getBoundingClientRect(), {x0, x1, y0, y1} = view.frame.bbox
  return [left + x0, top + y0, x1 - x0, y1 - y0]
}"""


def test_the_matrix_is_there_before_the_scripts(visit: Visit) -> None:
    visit.open("?batch=5")  # known from here on
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    visit.page.route("**/panel.min.js*", hold)
    visit.page.reload(wait_until="commit")
    preview = visit.page.locator("#preview")
    preview.get_by_role("img", include_hidden=True).wait_for()
    box = preview.locator("img").bounding_box()
    visit.page.wait_for_timeout(300)
    assert held
    held[0].continue_()
    preview.wait_for(state="detached")
    frame = visit.page.evaluate(FRAME)
    assert box is not None
    left, top, width, height = frame
    there = [box[side] for side in ("x", "width", "height")]
    assert there == pytest.approx([left, width, height], abs=12)
    assert -12 <= top - box["y"] <= 120  # the advice above may have come, and be longer
    visit.page.get_by_role("button", name="Run", exact=True).wait_for()
    assert visit.page.locator("#loader").is_hidden()


def test_what_can_not_load_says_so_in_place_of_the_preview(visit: Visit) -> None:
    visit.page.route("**/static/**/*.js*", lambda route: route.abort())
    visit.page.goto(visit.server.address, wait_until="commit")
    visit.page.locator("#preview").wait_for(state="attached")
    visit.page.get_by_text("Resources could not be loaded.").wait_for()
    visit.page.locator("#preview").wait_for(state="detached")
