"""Whatever a user's text is, it is shown as text: nothing in it runs, on no tab."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from jacoscope_dashboard._link import fragment_of
from tests.browser.conftest import Visit
from tests.dashboard.report_data import hostile
from tests.hostile import HOSTILE, MARK, hover_over_it, shown, traces

pytestmark = pytest.mark.browser

NAMES = f"""import jax
import jax.numpy as jnp

NAME = {HOSTILE!r}


def inner(x):
    return jnp.tanh(x) * x.sum()


def f(x):
    print(NAME)
    with jax.named_scope(NAME):
        return {{NAME: jax.jit(inner)(jnp.sin(x[NAME]))}}


for each in (f, inner):
    each.__name__ = each.__doc__ = NAME
    each.__code__ = each.__code__.replace(co_name=NAME, co_qualname=NAME, co_filename=NAME)
inner.__name__ = {MARK!r}  # what is longer is left out of an equation
x = {{NAME: jnp.array([1.0, 2.0, 3.0])}}
"""
# Works one vector at a time, and of many at once it says what nobody should believe.
FAILING = f"""import jax
import jax.numpy as jnp


@jax.custom_batching.custom_vmap
def f(x):
    return x * x.sum()


@f.def_vmap
def of_many(size, batched, x):
    raise ValueError({HOSTILE!r})


x = jnp.array([1.0, 2.0])
"""
RAISING = f"raise ValueError({HOSTILE!r})"
FILE_CODE = f"def f(x):\n    return x\n# {MARK}\n"


def use(visit: Visit, code: str) -> None:
    visit.page.get_by_label("Code of your function").fill(code)
    visit.page.get_by_role("button", name="Use it", exact=True).click()


def to(visit: Visit, tab: str) -> Any:
    """Go to a tab, and return what is on it."""
    visit.page.get_by_role("tab", name=tab, exact=True).click()
    panel = visit.page.get_by_role("tabpanel", name=f"{tab} tab", exact=True)
    panel.wait_for()
    return panel


def typed(code: str) -> dict[str, str]:
    return {"source": code, "shape": "", "dtype": "float32"}


def upload(place: Any, end: str, content: bytes) -> None:
    """Upload a file whose name is hostile, too."""
    file = {"name": f"{MARK}{end}", "mimeType": "application/octet-stream", "buffer": content}
    place.locator("input[type=file]").first.set_input_files([file])


def test_it_runs_where_it_is_read_as_html(browser: Any) -> None:
    page = browser.new_page()
    page.set_content(f"<p>{HOSTILE}")
    page.wait_for_function("window.ran > 0")
    found = traces(page)
    page.close()
    assert len(found) >= 4
    assert found[-1].startswith("It ran: ")


def test_names_paths_and_source_lines(visit: Visit) -> None:
    visit.open_own()
    use(visit, NAMES)
    visit.says("3 VJPs against 3 JVPs")
    page = visit.page
    jacobian = to(visit, "Jacobian")
    jacobian.get_by_text("Values", exact=True).click()
    for kind in ("row", "column"):
        shown(jacobian.get_by_role(f"{kind}header"))
    box = jacobian.locator(".bk-Figure").first.bounding_box()
    assert box is not None
    for across in (0.3, 0.35, 0.4):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + 0.4 * box["height"])
    shown(page.locator(".bk-Tooltip"))
    jacobian.get_by_role("switch", name="Structure").click()
    jacobian.get_by_role("heading", name="Singular values", exact=True).wait_for()

    products = to(visit, "Products")
    shown(products.locator(".summary"))
    shown(products.locator("svg"))
    visit.choose("Tangent", "Values")
    products.get_by_role("slider", name=re.compile(f"^Tangent v, .*{MARK}")).first.wait_for()
    products.get_by_text("Values", exact=True).last.click()
    shown(products.get_by_role("rowheader"))

    inside = to(visit, "Inside")
    kept = inside.get_by_role("table", name="Bytes kept by source line")
    shown(kept.get_by_role("rowheader"))
    equations = inside.get_by_role("region", name="Equations")
    shown(equations.locator("code"))
    shown(equations.locator(".source"))
    shown(inside.get_by_role("region", name="Program"))
    inside.get_by_role("heading", name="The equations as a graph", exact=True).wait_for()
    hover_over_it(page)
    for tab in ("Compare", "Scaling", "Lessons"):
        to(visit, tab)
    shown(to(visit, "Code").get_by_label("Code", exact=True))
    assert traces(page) == []


def test_errors_and_studies(visit: Visit) -> None:
    visit.open_own()
    page = visit.page
    use(visit, RAISING)
    shown(page.get_by_role("alert").filter(has_text="No matrix."))
    shown(page.get_by_role("region", name="Advice"))
    for tab in ("Products", "Inside", "Scaling"):
        to(visit, tab)
    to(visit, "Jacobian")
    use(visit, FAILING)
    visit.says("2 VJPs against 2 JVPs")
    visit.compare()
    compare = to(visit, "Compare")
    shown(compare.get_by_role("cell"))
    compare.get_by_role("heading", name="Against another study", exact=True).wait_for()
    upload(compare, ".json", json.dumps(hostile().to_plain()).encode())
    shown(compare.get_by_text("Also different"))
    upload(compare, ".json", json.dumps({"schema": HOSTILE, "rows": []}).encode())
    shown(compare.get_by_role("alert").filter(has_text=re.compile("^This study has schema")))
    for tab in ("Products", "Inside", "Scaling", "Lessons", "Code"):
        to(visit, tab)
    assert traces(page) == []


def test_files_links_and_what_a_browser_keeps(visit: Visit) -> None:
    visit.open_own()
    page = visit.page
    area = page.get_by_label("Code of your function")
    area.fill("def f(x):\n    return x\n")
    file = io.BytesIO()
    arrays: dict[str, Any] = {HOSTILE: np.ones(2), "other": np.ones(2)}
    np.savez(file, **arrays)
    upload(page, ".npz", file.getvalue())
    visit.says("x comes from the file")
    shown(page.get_by_text("Uploaded"))
    page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("4 VJPs against 4 JVPs")
    to(visit, "Jacobian").get_by_text("Values", exact=True).click()
    shown(page.get_by_role("columnheader"))
    upload(page, ".npz", MARK.encode())
    page.get_by_role("button", name="Use it", exact=True).click()
    visit.says("The file is no")
    upload(page, ".py", FILE_CODE.encode())
    visit.says("This code came from the file")
    assert area.input_value() == FILE_CODE

    assert traces(page) == []

    wild = quote(HOSTILE)
    names = ("problem", "rows", "tab", "mode", "tangent", "batch", "policy", HOSTILE)
    visit.open("?" + "&".join(f"{quote(name)}={wild}" for name in names) + f"#{wild}")
    page.get_by_role("status").get_by_text(f"'{MARK[:19]}").nth(5).wait_for()
    assert traces(page) == []
    page.goto("about:blank")
    visit.open(f"?problem=your_function#code={wild}")
    visit.says("The link carries code that can't be read")
    assert traces(page) == []
    for draft, link, said, code in (
        (HOSTILE, fragment_of(typed(FAILING)), "This code came with the link", FAILING),
        (fragment_of(typed(NAMES)), "", "what the editor held when you were last here", NAMES),
    ):
        page.evaluate("draft => { localStorage['jacoscope.draft'] = draft }", draft)
        page.goto("about:blank")
        visit.open(f"?problem=your_function#{link}")
        visit.says(said)
        assert area.input_value() == code
        assert traces(page) == []
