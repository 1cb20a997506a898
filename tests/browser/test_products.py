"""The tab Products in Chromium, on real workers: clicked, dragged, typed into, and by keyboard."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def slider(visit: Visit, name: str) -> Any:
    return visit.page.get_by_role("slider", name=name, exact=True)


def stands_at(visit: Visit, name: str, value: str) -> None:
    """Wait until a slider says that value."""
    named = f'[role=slider][aria-label="{name}"][aria-valuetext="{value}"]'
    visit.page.locator(named).wait_for()


def test_a_function_with_python_control_flow_goes_by_its_linear_part(visit: Visit) -> None:
    visit.open("?problem=python_control_flow&tab=products")
    visit.says("linear_part returns that, jitted, and it takes every v and u.")


def test_type_choose_and_press_keys(visit: Visit) -> None:
    visit.open("?problem=broyden_tridiagonal&unknowns=4")
    visit.page.get_by_role("tab", name="Products").click()
    visit.says("J v is column 0 of J")
    visit.type("Tangent index", "2")
    visit.says("J v is column 2 of J")
    visit.page.wait_for_url(re.compile("tangent=basis%3A2"))
    visit.choose("Cotangent", "Ones")
    visit.says("the sum of all 4 rows of J: the gradient of Σ f(x), which vgrad returns")
    visit.choose("Tangent", "Values")
    visit.type("Tangent values", "0, 0, 0, 0.5")
    stands_at(visit, "Tangent v, x[3]", "0.5")
    visit.type("Tangent values", "1, 2")
    visit.says("Give 4 numbers")
    last = slider(visit, "Tangent v, x[3]")
    last.focus()
    visit.page.keyboard.press("ArrowUp")
    visit.page.keyboard.press("ArrowUp")
    stands_at(visit, "Tangent v, x[3]", "0.7")
    visit.page.wait_for_url(re.compile("tangent=0%2C0%2C0%2C0.7"))
    visit.page.get_by_text("Values", exact=True).last.click()
    table = visit.page.get_by_role("table", name=re.compile("Inputs, 4 numbers"))
    table.get_by_role("cell", name="0.7", exact=True).first.wait_for()


def test_drag_an_arrow_and_watch_its_image(visit: Visit) -> None:
    visit.open("?problem=plane_map&map=shear&tab=products")
    tip = slider(visit, "Tangent v")
    stands_at(visit, "Tangent v", "x[0] 1, x[1] 0")
    image = visit.page.locator(".outputs .forward .shaft")
    plane = visit.page.locator(".inputs svg.plane").bounding_box()
    assert plane is not None
    before = (image.get_attribute("x2"), image.get_attribute("y2"))
    grip = visit.page.locator(".inputs .grip").bounding_box()
    assert grip is not None
    mouse = visit.page.mouse
    mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    mouse.down()
    mouse.move(plane["x"] + plane["width"] / 2, plane["y"] + 60, steps=8)
    # the image follows while the button is down
    visit.page.wait_for_function(
        """before => { const d = (r) => [...r.querySelectorAll("*")].flatMap(
            (e) => [e, ...(e.shadowRoot ? d(e.shadowRoot) : [])])
          const line = d(document).find((e) => e.matches(".outputs .forward .shaft"))
          return line.getAttribute("x2") !== before[0] }""",
        arg=list(before),
    )
    assert "tangent" not in visit.page.url
    mouse.up()
    visit.page.wait_for_url(re.compile("tangent=0"))
    assert (tip.get_attribute("aria-valuetext") or "").startswith("x[0] 0")
    other = slider(visit, "Cotangent u")
    other.focus()
    visit.page.keyboard.press("ArrowDown")
    visit.page.wait_for_url(re.compile("cotangent=1%2C-0.1"))
    visit.choose("Radius of the dotted circle", "0.05")
    visit.says("the circle of radius 0.05 around x")


@pytest.mark.slow
def test_measure_the_orders_of_an_hvp(visit: Visit) -> None:
    visit.open("?problem=logistic_loss&tab=products")
    visit.page.get_by_text(re.compile("orders agree but|orders give the same")).wait_for()
    visit.page.get_by_role("button", name="Measure the orders").click()
    visit.page.get_by_role("heading", name="Time of each order").wait_for()
    table = visit.page.get_by_role("table", name=re.compile("Orders of a Hessian"))
    table.get_by_role("row", name=re.compile(r"Full Hessian.*[0-9] (µs|ms)")).wait_for()


def test_measure_many_tangents_and_cotangents(visit: Visit) -> None:
    visit.open("?batch=64&tab=products&time_limit=5")
    visit.page.get_by_role("heading", name="Many vectors at once", exact=True).wait_for()
    for short, loop in (("JMP", "forward/loop"), ("MJP", "reverse/loop")):
        button = visit.page.get_by_role("button", name=f"Measure {short}", exact=True)
        button.click()
        table = visit.page.get_by_role("table", name=re.compile(short))
        table.get_by_text(loop).first.wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("problem", ["logistic_regression", "plane_map", "tanh_sum"])
def test_nothing_scrolls_sideways(visit: Visit, problem: str) -> None:
    visit.open(f"?problem={problem}&tab=products")
    visit.says("One number, two ways")
    for width in (1280, 600):
        visit.page.set_viewport_size({"width": width, "height": 800})
        visit.page.wait_for_timeout(500)
        overflow = visit.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0


@pytest.mark.slow
def test_a_mode_that_can_not_pass_says_why(visit: Visit) -> None:
    visit.open("?problem=while_loop&tab=products")
    visit.says("Reverse mode can't pass a loop")
    visit.says("J v is column 0 of J")
