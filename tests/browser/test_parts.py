"""What the parts of each tab show, read from the figures and texts in Chromium."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.browser.figures import hover_cell, seen, wait_for, wait_for_vectors

pytestmark = pytest.mark.browser


def test_the_heatmap_has_zero_in_the_middle_and_its_first_entry_on_top(visit: Visit) -> None:
    visit.open("?batch=4&features=3&mode=forward")
    drawn = seen(visit.page)
    low, high = drawn["colors"]
    assert low == -high
    assert drawn["x"] == [-0.5, 2.5]
    assert drawn["y"] == [3.5, -0.5]
    tip = hover_cell(visit.page, 0, 0)
    assert "y[0]" in tip
    assert "x[0]" in tip
    visit.page.get_by_text("Values", exact=True).click()
    first = visit.page.get_by_role("table", name=re.compile("4 outputs")).get_by_role("cell")
    digits = first.nth(1).inner_text()  # the corner is a cell, too
    assert float(re.findall(r"value:\s*(\S+)", tip)[0]) == pytest.approx(float(digits), rel=5e-3)


def test_the_vectors_going_in_lie_beside_what_they_bring(visit: Visit) -> None:
    visit.open("?batch=6&mode=reverse")
    visit.page.get_by_role("slider", name=re.compile("one row a step")).wait_for()
    visit.page.get_by_role("button", name="First frame").click()
    visit.page.get_by_role("button", name="Next frame").click()
    wait_for_vectors(visit.page, 6)  # one cotangent, of six numbers
    visit.choose("Batching", "Chunked")
    visit.page.get_by_role("button", name="More", exact=True).click()
    visit.type("Chunk size", "2")
    visit.page.get_by_role("slider", name=re.compile("2 rows a step")).wait_for()


def test_leaves_of_the_input_have_borders_and_names(visit: Visit) -> None:
    visit.open("?problem=tall_curve&points=6&terms=2")
    upright = [box for box in seen(visit.page)["boxes"] if box[0] == box[1]]
    assert [box[0] for box in upright] == [1.5]
    names = [re.findall(r"x\['\S+", hover_cell(visit.page, 2, column))[0] for column in (1, 2)]
    assert [name.rpartition("[")[0] for name in names] == ["x['amplitude']", "x['rate']"]


def test_an_entry_of_the_pattern_names_its_pass(visit: Visit) -> None:
    visit.open("?problem=arrow&unknowns=12&structure=shown")
    visit.says("34 entries of 12 × 12 in 3 passes")
    visit.says("Rank 12 of at most 12")
    wait_for(visit.page, 5)
    heatmap, compressed, pattern = range(3)
    assert "pass" not in hover_cell(visit.page, 3, 3, nth=heatmap)
    assert re.search(r"pass\D+[123]", hover_cell(visit.page, 3, 3, nth=pattern))
    assert "x[3]" not in hover_cell(visit.page, 3, 0, nth=compressed)


def test_one_number_by_jvp_and_vjp(visit: Visit) -> None:
    visit.open("?problem=broyden_tridiagonal&unknowns=4&tab=products")
    visit.says("One number, two ways")
    there = visit.page.locator(".numbers .number strong")
    before = there.all_inner_texts()
    visit.choose("Cotangent", "Ones")
    visit.says("the gradient of Σ f(x)")
    there.filter(has_text=before[0]).first.wait_for(state="detached")
    by_jvp, by_vjp, difference = there.all_inner_texts()
    assert by_jvp != before[0]
    assert float(by_jvp.replace("−", "-")) == pytest.approx(float(by_vjp.replace("−", "-")))
    assert abs(float(difference.replace("−", "-"))) < 1e-5


def test_all_orders_of_a_hessian_vector_product_agree_for_a_pytree(visit: Visit) -> None:
    visit.open("?problem=gaussian_mixture&tab=products")
    visit.says(re.compile(r"All \d orders (agree but for rounding|give the same)"))


def test_flops_grow_with_the_trips_of_a_loop(visit: Visit) -> None:
    found = []
    for steps in (8, 16):
        visit.open(f"?problem=rnn_rollout&steps={steps}&tab=inside")
        table = visit.page.get_by_role("table", name="What one pass takes")
        table.get_by_text("one VJP", exact=True).wait_for()
        headings = table.get_by_role("columnheader").all_inner_texts()
        place = next(i for i, each in enumerate(headings) if each.strip().startswith("FLOPs"))
        cell = table.get_by_role("row").nth(1).get_by_role("cell").nth(place)
        found.append(cell.inner_text())
        visit.page.get_by_role("heading", name="Compiling one pass", exact=True).wait_for()
    few, many = (float(text.split()[0].replace(",", "")) for text in found)
    assert many == pytest.approx(2 * few, rel=0.1), found


def test_lessons_are_tried_one_after_the_other(visit: Visit) -> None:
    visit.open()
    visit.page.get_by_role("tab", name="Lessons", exact=True).click()
    visit.page.get_by_role("button", name="Try all", exact=True).click()
    visit.says(re.compile(r"^10 more after this one\."))
    visit.page.get_by_role("button", name="Cancel", exact=True).click()
    verdict = re.compile("^(True here|Not true here|No answer)$")
    visit.page.locator(".lesson > .tag", has_text=verdict).first.wait_for()


def test_a_sweep_says_which_mode_is_ahead_beside_the_rule(visit: Visit) -> None:
    visit.open("?problem=tall_curve&points=2048&terms=2&grows=chunk_size")
    visit.page.get_by_role("tab", name="Scaling", exact=True).click()
    visit.page.get_by_role("button", name="Sweep", exact=True).click()
    visit.says("Forward mode's best is ahead at every size measured.")
    visit.says("By the rule n ≤ m it would be forward mode throughout.")
    visit.page.get_by_role("button", name="Cancel", exact=True).click()


def test_the_gallery_says_which_way_is_the_fastest_for_which_problem(visit: Visit) -> None:
    visit.open("?theme=dark")
    visit.page.get_by_role("tab", name="Scaling", exact=True).click()
    visit.page.get_by_role("button", name="Measure the gallery", exact=True).click()
    visit.says(re.compile(r"^Problem 2 of \d+: "))
    visit.page.get_by_role("heading", name="Time over that of the fastest way").wait_for()
    visit.says(re.compile(r"^Fastest, of \d problems?: .* the rule n ≤ m → forward picks"))
    table = visit.page.get_by_role("table", name="Which way is the fastest for each problem")
    found = table.get_by_role("row").filter(has_text="Logistic regression, predictions")
    found.get_by_text("512 × 32").wait_for()
    found.get_by_text(re.compile("×$")).first.wait_for()
    visit.page.get_by_role("button", name="Cancel", exact=True).click()
    visit.says(re.compile(r"^Cancelled\. \d problems? timed before that stays? here\."))


def test_where_there_is_no_matrix_none_is_drawn(visit: Visit) -> None:
    visit.open("?problem=while_loop&orbits=6&mode=forward")
    count = visit.page.get_by_text("6 VJPs against 6 JVPs", exact=True)
    drawn = visit.page.locator(".bk-Figure").first
    drawn.wait_for()
    before = size_of(drawn)
    visit.choose("Mode", "Reverse")
    visit.page.get_by_role("heading", name="No matrix", exact=True).wait_for()
    drawn.wait_for(state="hidden")
    count.wait_for(state="hidden")
    visit.choose("Mode", "Forward")
    count.wait_for()
    drawn.wait_for()
    assert size_of(drawn) == before


def size_of(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["width"], box["height"]


def test_a_page_at_rest_moves_nothing(visit: Visit) -> None:
    """What is drawn sixty times a second, seen or not, disturbs what is timed beside it."""
    visit.open()
    visit.says("Try ")
    visit.page.wait_for_function(
        """() => {
          const moving = (root) => [...root.querySelectorAll("*")].some((each) =>
            each.getAnimations().length > 0 || (each.shadowRoot && moving(each.shadowRoot)))
          return !moving(document)
        }""",
        polling=500,
    )
