"""Below the matrix: pattern, colors, what passes give, singular values, and the player by color."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacoscope.run import Outcome
from jacoscope_dashboard.figures import (
    Filled,
    groups,
    palette,
    singular_values,
    summary_groups,
    summary_singular_values,
)
from jacoscope_dashboard.figures._palette import contrast, group_colors, ink_on
from jacoscope_dashboard.views._jacobian import colored_to, count_html, passes_shown, step_word
from jacoscope_dashboard.views._structure import compressed_picture
from tests.dashboard.conftest import Open
from tests.dashboard.figures_data import (
    Fed,
    columns,
    drawn,
    hovers,
    named,
    picture,
    structure,
    written,
)
from tests.dashboard.helpers import FakeRunner, Pump

KEYED = {"key": "k", **structure()}


def pixels(figure: Any) -> np.ndarray:
    """The image's values, the first row on top."""
    (found,) = [each for each in figure.renderers if "image" in each.data_source.data]
    return found.data_source.data["image"][0]


def test_each_entry_has_the_color_and_the_number_of_its_pass() -> None:
    figure = drawn(groups(structure()))
    assert written(figure, "words") == ["1", "2", "2", "1", "3", "3", "3"]
    shown = pixels(figure)
    assert sorted(np.unique(shown[np.isfinite(shown)])) == [1, 2, 3]
    assert np.isnan(shown).sum() == 2


def test_colors_begin_anew_and_the_number_goes_on() -> None:
    many = len(group_colors(dark=False)) + 2
    found = structure()
    found["colored"]["groups"] = np.array([[0, 1, many], [0, 0, 0], [0, 0, 0]])
    figure = drawn(groups(found))
    assert np.nanmax(pixels(figure)) == 2
    assert written(figure, "words") == ["1", str(many)]


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_can_be_read_on_every_color(dark: bool) -> None:
    assert all(contrast(ink_on(each), each) >= 4.5 for each in group_colors(dark))
    assert len(set(group_colors(dark))) == len(group_colors(dark))


def test_a_pattern_is_said_in_a_sentence() -> None:
    said = summary_groups(structure())
    assert "7 entries of 3 × 3 in 3 passes" in said
    assert "2 JVPs and 1 VJP" in said
    assert "up to 2" in said


def test_singular_values_that_count_as_zero_are_crosses_below_the_line() -> None:
    figure = drawn(singular_values(structure()))
    (points,) = [each for each in figure.renderers if "exact" in each.data_source.data]
    assert list(columns(points)["marker"]) == ["circle", "circle", "x"]
    assert list(columns(points)["exact"]) == ["3", "1", "0"]
    line = columns(named(figure, "strokes"))
    assert line["ys"] == [[1e-6, 1e-6]]
    assert line["dash"] == ["dashed"]
    assert set(hovers(figure)["Scatter"].values()) == {"place", "exact", "counts"}


def test_rank_and_condition_are_said() -> None:
    assert summary_singular_values(structure()).startswith("Rank 2 of at most 3; from 3 down to 1.")
    full = structure(singular={"values": np.array([8.0, 2.0]), "rank": 2, "zero": 1e-6})
    assert "a condition number of 4." in summary_singular_values(full)
    nothing = structure(singular={"values": np.zeros(2), "rank": 0, "zero": 0.0})
    assert "Rank 0 of at most 2." in summary_singular_values(nothing)
    assert drawn(singular_values(nothing)) is not None


def test_singular_values_grow_and_shrink() -> None:
    fed = Fed(singular_values, structure())
    fed.push(structure(singular={"values": np.ones(30), "rank": 30, "zero": 1e-7}), dark=True)
    assert fed.figure.x_range.end == 30.5
    assert fed.figure.xaxis[0].axis_label_text_color == palette(dark=True).foreground


def test_what_passes_give_is_a_matrix_of_its_own() -> None:
    jvps, vjps = (compressed_picture(KEYED, side) for side in ("columns", "rows"))
    assert jvps is not None
    assert vjps is not None
    assert (jvps["n_out"], jvps["n_in"]) == (3, 2)
    assert jvps["column_labels"] == ["JVP 1", "JVP 2"]
    assert jvps["row_labels"] == structure()["row_labels"]
    assert vjps["row_labels"] == ["VJP 3"]
    assert vjps["sentence"].startswith("3 rows in 1 VJP: ")
    alone = structure()
    del alone["colored"]["compressed"][1]
    assert compressed_picture({"key": "k", **alone}, "rows") is None


COLORING = {
    "groups": structure()["colored"]["groups"],
    "passes": 3,
    "by_column": 2,
    "by_row": 1,
    "columns": np.array([0, 1, 0]),
    "rows": np.array([-1, -1, 0]),
}


def test_the_player_goes_from_color_to_color() -> None:
    found = picture(np.zeros((3, 3)), coloring=COLORING, strategy="mixed/colored")
    assert passes_shown(found) == 3
    assert step_word(found) == "Pass, one color a step"
    assert "mixed/colored: 3 passes, one a color." in count_html(found)
    start, first, last = (colored_to(COLORING, passes) for passes in (0, 1, 3))
    assert start == Filled("columns", (), 0)
    assert first == Filled("columns", ((0, 1), (2, 3)), 0)
    assert last == Filled("rows", ((2, 3),), 0)
    assert first.known is not None
    assert (first.known == (COLORING["groups"] <= 1)).all()


def test_it_is_asked_for_only_while_it_is_shown(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    view = explorer.structure
    assert not runner.of("structure")
    assert not view._box.visible
    view.switch.value = True
    page.until(lambda: "Sparsity proven" in str(_heading(view._groups)))
    assert "structure=shown" in explorer.experiment.to_query()
    assert view._singular.panel is not None
    asked = len(runner.of("structure"))
    explorer.experiment.mode = "reverse"  # is the structure's no matter
    explorer.experiment.set_knob("batch", 9)
    page.until(lambda: len(runner.of("structure")) == asked + 1)
    view.switch.value = False
    page.until(lambda: not view._box.visible)
    explorer.experiment.set_knob("batch", 11)
    page.until(lambda: explorer.session.matrix.state == "ok")
    assert len(runner.of("structure")) == asked + 1


def test_what_is_missing_is_said(opened: Open, page: Pump, runner: FakeRunner) -> None:
    runner.hold = (*runner.hold, "structure")
    explorer = opened(query="structure=shown")
    view = explorer.structure
    page.until(lambda: runner.of("structure"))
    why = {"why_not_colored": "It needs <asdex>.", "why_not_singular": "Too large."}
    found = structure(colored=None, singular=None, **why)
    runner.last("structure").finish(Outcome("ok", value=found))
    page.until(lambda: "It needs &lt;asdex&gt;." in str(view._said.object))
    assert "Too large." in str(view._said.object)
    assert view._groups.panel is None


def _heading(plot: Any) -> Any:
    return "" if plot.panel is None else plot.panel[0].object
