"""The page in Chromium, on real workers."""

from __future__ import annotations

import re

import nbformat
import pytest

from jacoscope_dashboard._explorer import TABS
from tests.browser.conftest import ENOUGH, Visit
from tests.browser.figures import click_dot, hover_dot

pytestmark = pytest.mark.browser


def test_first_sight(visit: Visit) -> None:
    visit.open()
    assert visit.page.title() == "Jacoscope"
    visit.says("4 VJPs against 3 JVPs")
    assert visit.page.locator(".subject math").first.is_visible()
    visit.page.get_by_text("Values", exact=True).click()
    table = visit.page.get_by_role("table", name=re.compile("4 outputs"))
    assert table.get_by_role("row").count() == 5


def test_controls_have_the_names_they_show(visit: Visit) -> None:
    visit.open()
    for label in ("Problem", "Mode", "Batching", "Device"):
        assert visit.page.get_by_role("combobox", name=label, exact=True).count() == 1
    assert visit.page.get_by_label("Batch size", exact=True).count() == 1
    for name in ("Run", "Cancel", "More", "Play", "Pause", "Next frame", "Toggle theme"):
        assert visit.page.get_by_role("button", name=name, exact=True).count() == 1
    visit.page.get_by_role("button", name="More", exact=True).click()
    visit.page.get_by_role("combobox", name="Quantity", exact=True).wait_for()
    for label in ("Features", "Seed", "Chunk size", "Vectors", "Memory limit", "Time limit"):
        assert visit.page.get_by_role("textbox", name=label, exact=True).count() == 1
    assert visit.page.get_by_role("combobox", name="dtype", exact=True).count() == 1
    assert visit.page.get_by_role("button", name="Reset", exact=True).count() == 1


def test_mode_and_batch_size_redraw_and_stand_in_the_url(visit: Visit) -> None:
    visit.open()
    visit.choose("Mode", "Reverse")
    visit.says("reverse/vmap")
    visit.type("Batch size", "7")
    visit.says("7 VJPs against 3 JVPs")
    visit.type("Batch size", "9")
    visit.says("9 VJPs against 3 JVPs")
    visit.type("Batch size", "40")  # too many rows to have their values written in
    visit.says("40 VJPs against 3 JVPs")
    visit.type("Batch size", "9")
    visit.says("9 VJPs against 3 JVPs")
    visit.page.wait_for_url(re.compile("batch=9"))
    again = visit.page.url
    visit.page.goto(again)
    visit.says("9 VJPs against 3 JVPs")
    mode = visit.page.get_by_role("combobox", name="Mode", exact=True)
    assert mode.inner_text() == "Reverse"


def test_a_junk_link_is_named_and_the_page_is_there(visit: Visit) -> None:
    visit.open("?batch=%C2%B2&time_limit=1e999&mode=%3Cimg%20src=x%3E")
    visit.says("4 VJPs against 3 JVPs")
    visit.says("'<img src=x>'")
    assert visit.page.locator("img[src=x]").count() == 0


def test_run_brings_figures_and_a_table_that_sorts(visit: Visit) -> None:
    visit.open(f"?batch=256&{ENOUGH}")
    visit.page.get_by_role("button", name="Run", exact=True).click()
    visit.page.get_by_role("progressbar").first.wait_for()
    table = visit.page.get_by_role("table")
    table.get_by_text("forward/vmap").wait_for()
    visit.page.get_by_role("heading", name="Time", exact=True).wait_for()
    visit.page.get_by_role("heading", name="Memory", exact=True).wait_for()
    visit.page.get_by_role("heading", name="Compiling", exact=True).wait_for()
    visit.verdict()
    visit.page.get_by_role("heading", name="Time against memory", exact=True).wait_for()
    assert re.search(
        r"– .*samples\D+\d", hover_dot(visit.page, "median time", "forward/vmap"), re.DOTALL
    )
    visit.choose("Code of", "forward/vmap")
    visit.page.get_by_text("Show code", exact=True).last.click()
    code = visit.page.get_by_label("Code", exact=True).last
    code.get_by_text("# forward/vmap").wait_for()
    click_dot(visit.page, "predicted memory × median time", "reverse/map")
    code.get_by_text("# reverse/map").wait_for()
    visit.page.get_by_role("heading", name="Total time by calls", exact=True).wait_for()
    visit.says("For 1,000 calls")
    visit.page.get_by_role("slider", name="Calls").press("Home")
    visit.says("For 1 call ")
    visit.page.get_by_role("heading", name="Distance from the roof", exact=True).wait_for()
    visit.page.get_by_role("heading", name="Against another study", exact=True).wait_for()
    heading = table.get_by_role("columnheader", name="Strategy").first
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    first = table.get_by_role("row").nth(1).get_by_role("cell").first
    assert first.inner_text().startswith("forward/")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert first.inner_text().startswith("reverse/")
    peak = visit.page.get_by_title(re.compile("^predicted by XLA; peak"))
    assert peak.count() >= 3, "where memory is from"
    ready = visit.page.get_by_role("button", name="Run", exact=True, disabled=False)
    ready.wait_for()
    visit.page.get_by_role("button", name="Sweep batch size", exact=True).click()
    visit.page.get_by_role("heading", name="Time by size", exact=True).wait_for()
    visit.page.get_by_role("heading", name="Memory by size", exact=True).wait_for()
    visit.page.get_by_role("button", name="Cancel", exact=True).click()
    ready.wait_for()
    visit.type("Batch size", "16")
    visit.page.get_by_role("tab", name="Jacobian", exact=True).click()
    visit.page.get_by_role("button", name=re.compile("batch size 256.*: ")).click()
    visit.page.wait_for_url(re.compile("batch=256.*tab=compare"))


def test_the_code_of_what_is_advised_is_copied_and_shown(visit: Visit) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open("?problem=square_mlp&width=24")
    copy = visit.page.get_by_role("button", name="Copy code", exact=True)
    copy.focus()
    visit.page.keyboard.press("Enter")
    visit.says("Copied")
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert "\nJ = jacobian(x)" in copied
    assert "jacoscope" not in copied
    visit.page.get_by_text("Show code", exact=True).click()
    script = visit.page.get_by_label("Code", exact=True)
    assert script.inner_text().strip() == copied.strip()


def test_the_code_tab_has_scripts_a_link_and_the_study(visit: Visit) -> None:
    visit.open("?batch=6&mode=reverse")
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.get_by_role("tab", name="Code", exact=True).click()
    script = visit.page.get_by_label("Code", exact=True).filter(has_text="jsc.problem")
    script.first.wait_for()
    assert 'mode="reverse"' in script.first.inner_text()
    visit.page.get_by_role("button", name="Copy link", exact=True).click()
    visit.page.get_by_text("Copied", exact=True).wait_for()
    assert visit.page.evaluate("navigator.clipboard.readText()") == visit.page.url
    assert "tab=code" in visit.page.url
    visit.page.get_by_role("button", name="CSV", exact=True, disabled=True).wait_for()
    visit.page.get_by_role("button", name="Run", exact=True).click()
    visit.page.get_by_role("tab", name="Compare", selected=True).wait_for()
    visit.page.get_by_role("tab", name="Code", exact=True).click()
    ready = visit.page.get_by_role("button", name="CSV", exact=True, disabled=False)
    ready.wait_for()
    with visit.page.expect_download() as coming:
        ready.click()
    assert coming.value.suggested_filename == "study.csv"
    assert "jax.jacfwd" in coming.value.path().read_text()
    with visit.page.expect_download() as coming:
        visit.page.get_by_role("button", name="Notebook", exact=True).click()
    assert coming.value.suggested_filename == "study.ipynb"
    nbformat.validate(nbformat.reads(coming.value.path().read_text(), as_version=4))


def test_inside_shows_passes_residuals_and_the_program(visit: Visit) -> None:
    visit.open("?problem=square_mlp&width=24")
    visit.page.get_by_role("tab", name="Inside", exact=True).click()
    table = visit.page.get_by_role("table", name="What one pass takes")
    table.get_by_text("one VJP, checkpointed").wait_for()
    visit.page.get_by_role("heading", name="Memory of one pass", exact=True).wait_for()
    visit.page.get_by_role("table", name="Bytes kept by source line").wait_for()
    visit.choose("Checkpoint", "Keep everything")
    visit.page.wait_for_url(re.compile("policy=everything_saveable"))
    visit.page.get_by_role("columnheader", name="Keep everything").wait_for()
    equations = visit.page.get_by_role("region", name="Equations")
    equations.get_by_text("tanh").first.wait_for()
    equations.get_by_text("keeps").first.wait_for()
    visit.page.get_by_role("heading", name="The equations as a graph", exact=True).wait_for()
    visit.says("reverse mode keeps something of 3")
    visit.type("Search the program", "ROOT")
    visit.page.get_by_text(re.compile(r"\d+ of [\d,]+ lines")).wait_for()


def test_scaling_sweeps_a_size_the_steps_and_two_sizes(visit: Visit) -> None:
    visit.open("?problem=elementwise_chain&steps=4&length=16")
    visit.page.get_by_role("tab", name="Scaling", exact=True).click()
    visit.choose("Over", "Chunk size")
    visit.page.wait_for_url(re.compile("grows=chunk_size"))
    visit.page.get_by_role("button", name="Sweep", exact=True).click()
    visit.page.get_by_role("heading", name="Time by size", exact=True).wait_for()
    growth = visit.page.get_by_role("table", name="How each strategy grows")
    growth.get_by_text("reverse/chunked").wait_for()
    steps = visit.page.get_by_role("button", name="Sweep the steps", exact=True)
    steps.click()
    visit.page.get_by_role("heading", name="Memory of one pass", exact=True).wait_for()
    visit.says(re.compile(r"Memory from steps \d+ to \d+: .*one VJP.* → "))
    visit.page.get_by_role("button", name="Cancel", exact=True).click()
    visit.says("Cancelled")
    visit.choose("Problem", "Linear map")
    visit.says("16 pairs of rows and columns")
    visit.page.get_by_role("button", name="Measure the map", exact=True).click()
    visit.page.get_by_role("heading", name="The faster mode", exact=True).wait_for()
    visit.says(re.compile(r"Of \d pairs .*[Tt]he rule"))
    visit.page.get_by_role("button", name="Cancel", exact=True).click()


def test_scaling_sweeps_the_orders_of_an_hvp(visit: Visit) -> None:
    visit.open("?problem=tanh_sum&quantity=hvp")
    visit.page.get_by_role("tab", name="Scaling", exact=True).click()
    visit.page.get_by_role("button", name="Sweep", exact=True).click()
    growth = visit.page.get_by_role("table", name="How each strategy grows")
    growth.get_by_text("hvp/reverse_over_forward").wait_for()
    visit.page.get_by_role("heading", name="Memory by size", exact=True).wait_for()
    visit.page.get_by_role("button", name="Cancel", exact=True).click()


def test_a_lesson_is_tried(visit: Visit) -> None:
    visit.open()
    visit.page.get_by_role("tab", name="Lessons", exact=True).click()
    card = visit.page.get_by_role("region", name=re.compile("A JVP takes about three times"))
    card.get_by_text("Not tried yet").wait_for()
    card.get_by_role("button", name=re.compile("Try it here")).click()
    card.get_by_text("Being measured").wait_for()
    card.get_by_text(re.compile("^(True|Not true) here$")).wait_for()
    card.get_by_text("One pass of forward/vmap cost").wait_for()
    card.get_by_role("button", name=re.compile("Open its settings")).click()
    visit.page.wait_for_url(re.compile("problem=square_mlp"))


def test_what_is_on_a_tab_stays_while_another_is_in_front(visit: Visit) -> None:
    visit.open()
    visit.says("estimated, not timed")  # nothing above the tabs moves them any more
    matrix = visit.page.locator(".bk-Figure").first
    matrix.evaluate("figure => { figure.dataset.seen = 'before' }")
    tops = set()
    for name in ("Compare", "Lessons", "Code", "Jacobian"):
        visit.page.get_by_role("tab", name=name, exact=True).click()
        visit.page.get_by_role("tabpanel", name=f"{name} tab", exact=True).wait_for()
        assert visit.page.get_by_role("tabpanel").count() == 1  # the others are hidden to all
        row = visit.page.get_by_role("tablist").bounding_box()
        panel = visit.page.get_by_role("tabpanel").bounding_box()
        assert row is not None
        assert panel is not None
        tops.add(round(panel["y"] - row["y"]))
    assert max(tops) - min(tops) <= 14  # a margin; nothing hidden takes room
    assert matrix.get_attribute("data-seen") == "before"


def test_the_last_of_quick_clicks_on_tabs_wins(visit: Visit) -> None:
    visit.open()
    row = visit.page.get_by_role("tablist")
    for names in (("Compare", "Lessons", "Code"), ("Jacobian", "Inside", "Products")):
        row.evaluate(
            """async (row, names) => {
                for (const name of names) {
                    for (const tab of row.querySelectorAll("[role=tab]"))
                        if (tab.textContent === name) tab.click()
                    await new Promise((done) => setTimeout(done, 15))
                }
            }""",
            list(names),
        )
        visit.page.get_by_role("tab", name=names[-1], selected=True).wait_for()
        visit.page.wait_for_timeout(600)  # what a server says late
        panel = visit.page.get_by_role("tabpanel", name=f"{names[-1]} tab", exact=True)
        assert panel.is_visible()


def test_cancel(visit: Visit) -> None:
    visit.open("?problem=square_mlp&width=512&depth=8")
    visit.page.get_by_role("button", name="Run", exact=True).click()
    cancel = visit.page.get_by_role("button", name="Cancel", exact=True)
    visit.page.wait_for_timeout(500)
    cancel.click()
    visit.says("Cancelled")
    assert visit.page.get_by_role("button", name="Run", exact=True).is_enabled()


def test_the_page_answers_while_a_comparison_runs(visit: Visit) -> None:
    visit.open("?batch=128")
    visit.page.get_by_role("button", name="Run", exact=True).click()
    visit.page.get_by_role("tab", name="Compare", selected=True).wait_for()
    visit.page.get_by_role("tab", name="Jacobian").click()
    visit.type("Batch size", "12")
    visit.says("12 VJPs against 3 JVPs")
    visit.page.get_by_role("button", name="Cancel", exact=True).click()


def test_player_builds_column_by_column(visit: Visit) -> None:
    visit.open()
    slider = visit.page.get_by_role("slider", name=re.compile("column"))
    visit.page.get_by_role("button", name="First frame").click()
    assert slider.get_attribute("aria-valuenow") == "0"
    visit.page.get_by_role("button", name="Next frame").click()
    assert slider.get_attribute("aria-valuenow") == "1"
    visit.page.get_by_role("button", name="Play").click()
    visit.page.wait_for_timeout(3000)
    assert slider.get_attribute("aria-valuenow") == "3"


def test_a_cell_says_what_it_is_and_the_scale_can_be_logarithmic(visit: Visit) -> None:
    visit.open("?batch=4&features=3&mode=forward")
    box = visit.page.locator(".bk-Figure").first.bounding_box()
    assert box is not None
    tooltip = visit.page.locator(".bk-Tooltip")
    for across in (0.3, 0.35, 0.4, 0.45):
        visit.page.mouse.move(box["x"] + across * box["width"], box["y"] + 0.4 * box["height"])
        visit.page.wait_for_timeout(200)
    tooltip.get_by_text(re.compile(r"x\[\d\]")).first.wait_for()
    tooltip.get_by_text(re.compile(r"-?0\.\d+")).first.wait_for()
    visit.page.get_by_role("switch", name="Log scale").click()
    visit.page.wait_for_timeout(500)
    assert visit.page.locator(".bk-Figure").first.is_visible()


def test_a_mode_that_can_not_work_is_a_row_that_says_why(visit: Visit) -> None:
    visit.open(f"?problem=while_loop&{ENOUGH}")
    visit.page.get_by_role("button", name="Run", exact=True).click()
    table = visit.page.get_by_role("table").filter(has_text="jax.jacfwd")
    refused = table.get_by_role("row").filter(has_text="jax.jacrev")
    refused.get_by_text("Reverse mode can't pass a loop").wait_for()
    fine = table.get_by_role("row").filter(has_text="forward/vmap").first
    fine.get_by_text(re.compile(r"\d [µm]?s")).first.wait_for()


def test_structure_and_a_build_color_by_color(visit: Visit) -> None:
    visit.open("?problem=arrow&unknowns=12")
    visit.choose("Batching", "Colored")
    visit.says("mixed/colored: 3 passes, one a color")
    slider = visit.page.get_by_role("slider", name=re.compile("color a step"))
    visit.page.get_by_role("button", name="First frame").click()
    visit.page.get_by_role("button", name="Next frame").click()
    assert slider.get_attribute("aria-valuenow") == "1"
    assert slider.get_attribute("aria-valuemax") == "3"
    visit.page.get_by_role("switch", name="Structure").click()
    visit.page.wait_for_url(re.compile("structure=shown"))
    visit.page.get_by_role("heading", name="Pattern and colors", exact=True).wait_for()
    visit.says("34 entries of 12 × 12 in 3 passes")
    visit.says("2 JVPs and 1 VJP")
    visit.page.get_by_role("heading", name="Compressed by columns", exact=True).wait_for()
    visit.page.get_by_role("heading", name="Compressed by rows", exact=True).wait_for()
    visit.page.get_by_role("heading", name="Singular values", exact=True).wait_for()
    visit.says("Rank 12 of at most 12")


def test_both_devices_can_be_chosen(visit: Visit) -> None:
    visit.open()
    visit.choose("Device", "cpu:1")
    visit.page.wait_for_url(re.compile("device=cpu%3A1"))
    visit.says("4 VJPs against 3 JVPs")
    assert visit.page.get_by_role("alert").count() == 0


@pytest.mark.parametrize("width", [1280, 600])
def test_no_tab_scrolls_sideways(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.open()
    beyond = {}
    for tab in visit.page.get_by_role("tab").all():
        box = tab.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width  # no need to scroll for it
        tab.click()
        visit.page.wait_for_timeout(500)
        beyond[tab.inner_text()] = visit.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    assert len(beyond) == len(TABS)
    assert {tab: pixels for tab, pixels in beyond.items() if pixels > 0} == {}


def test_dark_and_light(visit: Visit) -> None:
    visit.open("?theme=dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = visit.page.evaluate(background)
    visit.page.get_by_role("button", name="Toggle theme").click()
    visit.page.wait_for_function(f"dark => {background} !== dark", arg=dark)


def test_keyboard_reaches_the_controls(visit: Visit) -> None:
    visit.open()
    reached: set[str] = set()
    for _ in range(40):
        visit.page.keyboard.press("Tab")
        reached.add(
            visit.page.evaluate(
                """() => { let at = document.activeElement
                while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
                const name = at?.getAttribute("aria-label") ?? at?.textContent ?? ""
                return name.trim() || at?.getAttribute("role") || at?.tagName || "" }"""
            )
        )
    assert {"Run", "More", "Jacobian", "Play", "Toggle theme"} <= reached


def test_the_drawer_starts_closed_in_a_narrow_window_and_opens(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 600, "height": 800})
    visit.open()
    visit.page.get_by_role("button", name="Open drawer").click()
    visit.page.get_by_role("combobox", name="Mode", exact=True).wait_for()
