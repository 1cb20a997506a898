"""What a notebook keeps of a widget: a picture that needs neither kernel nor script."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jacoscope.run import Outcome
from jacoscope_dashboard import _keepsake
from jacoscope_dashboard.figures import heatmap_png, palette
from jacoscope_dashboard.figures._palette import diverging
from tests.dashboard.conftest import Open
from tests.dashboard.figures_data import picture
from tests.dashboard.helpers import FakeRunner, Pump
from tests.dashboard.report_data import hostile, study
from tests.hostile import MARK

Published = list[tuple[str, str, bool]]


def pixels(file: bytes | None) -> np.ndarray:
    assert file is not None
    return np.asarray(Image.open(BytesIO(file)).convert("RGB"))


def hexes(colors: np.ndarray) -> list[str]:
    return ["#" + "".join(f"{part:02x}" for part in color) for color in colors]


@pytest.mark.parametrize("dark", [False, True])
def test_pixels_have_the_colors_of_the_heatmap(dark: bool) -> None:
    values = np.array([[-2.0, 0.0, 2.0], [np.nan, np.inf, -np.inf]], dtype=np.float32)
    drawn = pixels(heatmap_png(picture(values), dark=dark))
    assert drawn.shape == (256, 384, 3), "cells are squares"
    scale, colors = diverging(dark), palette(dark)
    assert hexes(drawn[0, [0, 200, 383]]) == [scale[0], scale[127], scale[254]]
    assert hexes(drawn[-1, [0, 200, 383]]) == [colors.nan, colors.inf, colors.inf]


def test_a_narrow_matrix_can_be_seen_and_an_empty_one_has_no_picture() -> None:
    assert pixels(heatmap_png(picture(np.ones((500, 1))))).shape == (500, 16, 3)
    assert set(hexes(pixels(heatmap_png(picture(np.zeros((2, 2)))))[0])) == {diverging(False)[127]}
    assert heatmap_png(picture(np.ones((0, 3)))) is None


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    found: Published = []

    def publish(html: str, name: str, *, again: bool) -> None:
        found.append((html, name, again))

    monkeypatch.setattr(_keepsake, "_publish", publish)
    return found


def test_it_is_renewed_with_each_result(
    opened: Open, page: Pump, runner: FakeRunner, published: Published
) -> None:
    explorer = opened()
    explorer.keepsake.show()
    [(html, name, again)] = published
    assert not again
    assert f'data-jacoscope="{name}"' in html
    assert "Logistic regression" in html
    assert "data:image/png;base64," in html
    assert "<table" not in html

    explorer.run()
    found = Outcome("ok", value={"study": study().to_plain()})
    runner.last("compare").finish(found)
    page.until(lambda: explorer.study is not None and len(published) > 1)
    html, same, again = published[-1]
    assert again
    assert same == name
    assert "jax.jacfwd" in html
    count = len(published)
    explorer.keepsake._renew()
    assert len(published) == count, "what is there already is not sent again"


def test_texts_are_texts(
    opened: Open, page: Pump, runner: FakeRunner, published: Published
) -> None:
    explorer = opened()
    explorer.keepsake.show()
    explorer.run()
    runner.last("compare").finish(Outcome("ok", value={"study": hostile().to_plain()}))
    page.until(lambda: len(published) > 1)
    assert all(MARK not in html and "<script" not in html for html, _, _ in published)


def test_it_goes_out_as_html_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("IPython.display.display", lambda *shown, **how: sent.append((shown, how)))
    _keepsake._publish("<p>x</p>", "name", again=True)
    [((shown,), how)] = sent
    assert shown["text/html"] == "<p>x</p>"
    assert how == {"raw": True, "display_id": "name", "update": True}
