"""What a page begins with: the matrix that is known, before there is any script."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from bokeh.core.templates import MACROS
from bokeh.document import Document
from PIL import Image

from jacoscope_dashboard._explorer import Explorer
from jacoscope_dashboard._page import page
from jacoscope_dashboard._place import at_once
from jacoscope_dashboard._preview import preview
from jacoscope_dashboard._rehearsal import Nobody
from jacoscope_dashboard.figures import DARK, heatmap_html, heatmap_png, summary_heatmap
from jacoscope_dashboard.figures._palette import diverging
from tests.dashboard.conftest import Open
from tests.dashboard.figures_data import picture
from tests.hostile import HOSTILE, MARK

VALUES = np.array([[0.25, -1.0, 0.5], [0.0, 1.0, -0.125]], dtype=np.float32)


class Spans(HTMLParser):
    """The words of a still heatmap, by the side they are on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: dict[str, dict[str, str]] = {}
        self._side = self._style = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "div":
            self._side = given.get("class") or ""
        self._style = (given.get("style") or "") if tag == "span" else ""

    def handle_data(self, data: str) -> None:
        if self._style:
            self.words.setdefault(self._side, {})[data] = self._style


def test_words_stand_on_their_cells_and_at_their_lines() -> None:
    words = Spans(heatmap_html(picture(VALUES), "")).words
    assert {word: re.findall(r"[\d.]+(?=%)", at) for word, at in words["cells"].items()} == {
        "0.25": ["16.667", "25.000"],
        "−1": ["50.000", "25.000"],
        "0.5": ["83.333", "25.000"],
        "0": ["16.667", "75.000"],
        "1": ["50.000", "75.000"],
        "−0.125": ["83.333", "75.000"],
    }
    assert words["rows"] == {"y[0]": "top:25.000%", "y[1]": "top:75.000%"}
    assert list(words["columns"].values()) == ["left:16.667%", "left:50.000%", "left:83.333%"]
    assert words["ticks"]["1"] == "top:0.000%"
    assert words["ticks"]["−1"] == "top:100.000%"


def test_a_cell_is_a_pixel_where_a_browser_makes_them_larger() -> None:
    file = heatmap_png(picture(np.tile(VALUES, (16, 16))), side=1)
    assert file is not None
    pixels = np.asarray(Image.open(BytesIO(file)).convert("RGB"))
    assert pixels.shape == (32, 48, 3)
    assert "#{:02x}{:02x}{:02x}".format(*pixels[1, 1]) == diverging(False)[-1]


def test_texts_are_texts() -> None:
    found = picture(VALUES, row_labels=[HOSTILE] * 2, y_path=HOSTILE, x_path=HOSTILE)
    html = heatmap_html(found, "")
    assert escape(MARK) in html
    assert MARK not in html


@pytest.mark.parametrize("dark", [False, True])
def test_the_matrix_that_is_known_is_in_it(opened: Open, dark: bool) -> None:
    explorer = opened(dark=dark)
    found = preview(explorer)
    assert "data:image/png;base64," in found["image"]
    assert summary_heatmap(explorer.session.matrix.picture) in found["html"]
    assert explorer.heading() in found["html"]
    assert (DARK.background in found["style"]) == dark
    explorer.tab = "compare"
    found = preview(explorer)
    assert found["image"] == ""
    assert '<div class="front">Compare</div>' in found["html"]


def test_a_matrix_that_is_not_known_is_on_its_way() -> None:
    found = preview(Explorer(runner=Nobody(), hop=at_once()))
    assert found["image"] == ""
    assert "The matrix is on its way" in found["html"]


def test_a_large_matrix_is_drawn_by_the_page_alone(opened: Open) -> None:
    explorer = opened()
    for rows in (160, 161):
        explorer.session.matrix.picture = picture(np.ones((rows, 2)))
        assert bool(preview(explorer)["image"]) == (rows == 160)


def test_a_page_has_its_preview_before_its_scripts(opened: Open) -> None:
    document: Any = Document()
    page(opened()).server_doc(document)
    html = document.template.render(
        **document.template_variables,
        bokeh_css="<style>.css{}</style>",
        bokeh_js="<script>js()</script>",
        macros=MACROS,
        docs=[],
        plot_script="",
        title="Jacoscope",
    )
    order = ("<style>.css", "</head>", "<body>", 'id="preview"', "<script>js()", "</body>")
    assert [html.count(each) for each in order] == [1] * len(order)
    places = [html.index(each) for each in order]
    assert places == sorted(places)
