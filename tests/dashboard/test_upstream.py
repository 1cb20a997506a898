"""What Bokeh and Panel no longer do anew: all that a page needs is still there, and found once."""

from __future__ import annotations

from threading import get_ident
from typing import Any

import holoviews as hv
import panel as pn
import pytest
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager
from bokeh.model import util
from bokeh.models import ColumnDataSource, CustomJS, Div, Range1d, Row
from bokeh.models.tickers import FixedTicker
from bokeh.plotting import figure
from holoviews.plotting.plot import Plot
from panel.io.resources import Resources
from panel.io.state import set_curdoc

from jacoscope_dashboard import _ui as ui
from jacoscope_dashboard._explorer import TABS, Explorer
from jacoscope_dashboard._html import Html
from jacoscope_dashboard._pace import Pace
from jacoscope_dashboard._page import page
from jacoscope_dashboard._rehearsal import Nobody
from jacoscope_dashboard._upstream import (
    Models,
    look_up_resources_once,
    look_up_styles_once,
    skip_defaults,
    walk_less,
)
from jacoscope_dashboard.figures import compile_times, memory, times
from jacoscope_dashboard.views._figure import Figure
from tests.dashboard.helpers import rows


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each walk over the models of a document."""
    found: list[int] = []
    walk = DocumentModelManager.recompute

    def counted(self: DocumentModelManager) -> None:
        found.append(len(self))
        walk(self)

    monkeypatch.setattr(DocumentModelManager, "recompute", counted)
    return found


@pytest.fixture
def document() -> Any:
    document = Document()
    walk_less(document)
    assert isinstance(document.models, Models)
    return document


def all_of(document: Any) -> set[Any]:
    return set().union(*(root.references() for root in document.roots))


def served(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a document be one that a browser has loaded."""
    document._session_context = object
    monkeypatch.setattr(type(pn.state), "loaded", True)


def test_no_walk_where_nothing_new_is_referred_to(document: Any, walks: list[int]) -> None:
    source = ColumnDataSource({"x": [1]})
    document.add_root(Row(children=[Div(text="a"), Div(text="b")], tags=[source]))
    assert len(walks) == 1
    with document.models.freeze():
        document.roots[0].children[0].text = "c"
        source.data = {"x": [2]}
    with document.models.freeze():
        pass
    assert len(walks) == 1


def test_every_change_of_what_is_there_is_seen(document: Any) -> None:
    row: Any = Row(children=[Div(text="a")])
    document.add_root(row)
    document.add_root(Row())
    late = Div(text="late")

    def nested() -> None:
        with document.models.freeze():
            row.children.append(late)
            with document.models.freeze():
                late.js_property_callbacks = {"change:text": [CustomJS(code="")]}

    changes = [
        nested,
        lambda: setattr(row, "children", [late]),
        lambda: setattr(late, "tags", [FixedTicker(ticks=[1])]),
        lambda: row.children.insert(0, Row(children=[Div(text="deep")])),
        lambda: document.remove_root(document.roots[1]),
        lambda: setattr(row, "children", []),
        document.clear,
        lambda: document.add_root(Row(children=[Div()])),
    ]
    for change in changes:
        change()
        assert set(document.models) == all_of(document)
        assert all(model.document is document for model in document.models)
    assert late.document is None


@pytest.mark.parametrize("draw", [times, memory, compile_times])
def test_an_update_of_a_figure_walks_over_no_models(
    document: Any, walks: list[int], draw: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rows()
    turns: list[Any] = []
    placed: list[Any] = []
    served(document, monkeypatch)
    document.add_root(Row())
    with set_curdoc(document):
        drawn = Figure("a", lambda data: draw(data, dark=False), placed.append, Pace(turns.append))
        drawn.send(whole)
        while turns:
            turns.pop(0)()
        (plot,) = placed
        assert isinstance(plot, Plot)
        document.roots[0].children.append(plot.state)
        walks.clear()
        models = set(document.models)
        for given in (whole, [whole[0].but(median_s=2e-3, compile_s=9.0), whole[1]], whole[::-1]):
            drawn.send(given)
            assert set(document.models) == models == all_of(document)
    assert not walks


def test_a_figure_is_built_in_some_turns_and_placed_in_the_last(
    document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[Any] = []
    placed: list[Any] = []
    pace = Pace(turns.append)
    served(document, monkeypatch)
    document.add_root(Row())
    with set_curdoc(document):
        drawn = Figure("a", hv.Curve, placed.append, pace)
        drawn.send([1, 2])
        pace.ask("another", lambda: placed.append("another"))
        drawn.send([1, 2, 3])
        assert not placed
        while turns:
            turns.pop(0)()
    assert placed[0] == "another"
    assert list(placed[1].state.renderers[0].data_source.data["y"]) == [1, 2, 3]
    assert len(placed) == 2


@pytest.mark.parametrize("turns_before", range(7))
def test_the_newest_frame_stays_whenever_it_comes(
    document: Any, turns_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure's words are laid on it in a turn of their own, which newer data may precede."""
    turns: list[Any] = []
    placed: list[Any] = []
    served(document, monkeypatch)
    document.add_root(Row())
    first, second, *_ = rows()
    with set_curdoc(document):
        drawn = Figure("a", lambda data: times(data, dark=False), placed.append, Pace(turns.append))
        drawn.send([first])
        for _ in range(turns_before):
            turns.pop(0)()
        drawn.send([first, second])
        while turns:
            turns.pop(0)()
    words = " ".join(placed[0].state.yaxis[0].formatter.args["words"])
    assert first.strategy in words
    assert second.strategy in words


def test_without_a_server_panel_makes_the_plot() -> None:
    placed: list[Any] = []
    Figure(
        "a", hv.Curve, placed.append, Pace(lambda work: pytest.fail(f"{work} was asked for"))
    ).send([1, 2])
    assert isinstance(placed[0], hv.DynamicMap)


def test_a_walk_finds_the_same_without_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    here = get_ident()
    explorer = Explorer(runner=Nobody(), hop=lambda work: work() if get_ident() == here else None)
    root = page(explorer).get_root(Document())
    explorer.session.comparison.param.update(state="ok", rows=rows(), spec=explorer.settings())
    for tab in TABS:
        explorer.tab = tab
    explorer.close()
    themed = figure(width=100)
    themed.apply_theme({"width": 300, "outline_line_color": None})
    walked = [root, themed, [1, {"a": Div(), "b": (Div(), Range1d())}]]
    plain = util.visit_immediate_value_references
    monkeypatch.setattr(util, "visit_immediate_value_references", plain)  # comes back
    skip_defaults()
    found = util.collect_models(*walked)  # before Bokeh's own makes what is made when asked for
    monkeypatch.setattr(util, "visit_immediate_value_references", plain)
    wanted = util.collect_models(*walked)
    assert [each.id for each in found] == [each.id for each in wanted]
    assert len(found) > 100


def test_styles_are_looked_up_once_and_are_the_same(
    document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = ui.MaterialDesign
    ask = design.__dict__["_get_modifiers"]
    parts = [pn.Row(), pn.Column(), ui.Button(), Html("a"), pn.pane.HoloViews(hv.Curve([1]))]
    themes: Any = design._themes["default"], design._themes["dark"]()

    def answers() -> list[Any]:
        return [design._get_modifiers(part, theme) for part in parts for theme in themes]

    wanted = answers()
    served(document, monkeypatch)
    with set_curdoc(document):
        wanted += answers()
    asked: list[Any] = []

    def counted(cls: Any, viewable: Any, *more: Any) -> Any:
        if any(viewable is part for part in parts):  # not those of another test's thread
            asked.append(viewable)
        return ask.__func__(cls, viewable, *more)

    monkeypatch.setattr(design, "_get_modifiers", classmethod(counted))
    look_up_styles_once(design)
    for _ in range(2):
        found = answers()
        with set_curdoc(document):
            found += answers()
        assert found == wanted
        found[0][0].clear()  # what one component is given is its own
    assert len(asked) <= len(wanted)  # once for each, not each time


def test_resources_are_looked_up_once_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("__css__", "_bundle_css", "__javascript__", "__javascript_modules__")
    ask = Resources.extra_resources
    wanted: list[list[str]] = []
    for kind in kinds:
        wanted.append(["first.css"])
        ask(Resources(mode="server"), wanted[-1], kind)
    asked: list[str] = []

    def counted(self: Any, resources: list[str], kind: str) -> None:
        asked.append(kind)
        ask(self, resources, kind)

    monkeypatch.setattr(Resources, "extra_resources", counted)
    look_up_resources_once()
    for _ in range(3):
        for kind, want in zip(kinds, wanted, strict=True):
            found = ["first.css"]
            Resources(mode="server").extra_resources(found, kind)
            assert found == want
    assert asked == list(kinds)
    assert any(len(want) > 1 for want in wanted)
