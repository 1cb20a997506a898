"""The page around an Explorer: header, drawer, light and dark, and the URL."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import panel as pn
from panel.util.parameters import edit_readonly

from . import _ui as ui
from ._browser import Browser, query_here
from ._experiment import Experiment
from ._explorer import Explorer, tab_in
from ._html import Html
from ._place import served
from ._preview import put_before
from ._theme import BRAND, PAGE_SX, THEME
from ._upstream import walk_less

_A_TURN = 3  # controls
_OWN_STYLE = ["Axis", "ColorBar", "Grid", "Legend", "Title"]


class Page(ui.Page):
    """A page that leaves the figures as they are: they bring their own colors and sizes."""

    def __init__(self, explorer: Explorer, **params: Any) -> None:
        """Build the page of an explorer. See `panel_material_ui.Page`."""
        super().__init__(**params)
        self._explorer = explorer
        # It follows `pn.state.busy`, which changes twice at each event of any visitor. Each change
        # walks all models of all open pages, and what is followed keeps the page for ever. Param
        # lets go of what a parameter follows only when it is given something else to follow.
        with edit_readonly(self):
            self.busy = self.param.sidebar_open
            self.busy = False

    def server_doc(self, *args: Any, **kwargs: Any) -> Any:
        """Return the page's document. See `panel.viewable.Viewable.server_doc`."""
        document: Any = super().server_doc(*args, **kwargs)
        put_before(document, self._explorer)
        return document

    def get_root(self, *args: Any, **kwargs: Any) -> Any:
        """Return the page's model. See `panel.viewable.Renderable.get_root`."""
        root: Any = super().get_root(*args, **kwargs)
        if hasattr(root.data, "_custom_theme"):
            root.data._custom_theme = _OWN_STYLE
        root.data.busy_indicator = self.busy_indicator  # None is lost on the way: the default stays
        return root


def page(explorer: Explorer) -> Page:
    """Return the page of an explorer, tied to the URL and to the end of the visit."""
    browser = Browser(width=0, height=0, margin=0)
    drawer = pn.Column(sizing_mode="stretch_width")
    made = Page(
        explorer,
        header=[Html(BRAND, margin=(0, 8)), browser, *_way_out()],
        sidebar=[drawer],
        main=[explorer.body],
        sidebar_width=300,
        sidebar_resizable=False,
        busy_indicator=None,
        theme_config=THEME,
        sx=PAGE_SX,
        meta_title="Jacoscope",
        meta_description="See, measure and choose how JAX differentiates your function",
        dark_theme=pn.config.theme == "dark",
    )

    def close_drawer() -> None:
        made.sidebar_open = False

    browser.param.watch(lambda _: explorer.hop(close_drawer), "narrow")
    explorer.dark = made.dark_theme
    made.param.watch(lambda event: setattr(explorer, "dark", event.new), "dark_theme")
    document = served()
    if document is not None:
        walk_less(document)
        _tie(explorer, browser)
        pn.state.on_session_destroyed(lambda _: explorer.close())
        # The picture first: a browser needs as long for these few controls as for all the rest.
        pn.state.onload(lambda: explorer.pace.ask("drawer", lambda: _lay(explorer, drawer)))
    else:
        drawer.append(explorer.controls.drawer)
    return made


def _way_out() -> list[Html]:
    """Return the link that ends a login, where there was one."""
    user = pn.state.user if served() is not None else None
    if user is None:
        return []
    said = f"<a class='out' href='/logout' title='You are {escape(user)}'>Log out</a>"
    return [Html(said, margin=(0, 8), styles={"align-self": "center"})]


def _lay(explorer: Explorer, drawer: pn.Column) -> None:
    """Put the controls into the drawer, a few a turn."""
    controls = explorer.controls.drawer
    parts, controls.objects = list(controls.objects), []
    drawer.append(controls)
    explorer.pace.lay("drawer", controls, parts, _A_TURN)


def _tie(explorer: Explorer, browser: Browser) -> None:
    """Keep the experiment and the address in step, both ways."""
    experiment = explorer.experiment

    def write(*_: Any) -> None:
        parts = dict(parse_qsl(experiment.to_query()))
        if explorer.tab != explorer.param.tab.default:
            parts["tab"] = explorer.tab
        if explorer.dark:
            parts["theme"] = "dark"
        browser.search = f"?{urlencode(parts)}" if parts else ""

    def read(event: Any) -> None:
        there = experiment.blank()
        there.read_query(event.new)
        there.own = experiment.own  # in no link
        if there.spec() != experiment.spec():
            experiment.read_query(event.new)
        explorer.tab = tab_in(event.new)

    browser.search = f"?{query_here()}" if query_here() else ""
    experiment.param.watch(write, list(Experiment.WATCHED))
    explorer.param.watch(write, ["tab", "dark"])
    browser.param.watch(read, "search")
    # A browser may say what it has before all is loaded, and what is changed then is lost.
    browser.param.watch(
        lambda event: explorer.hop(lambda: explorer.take_link(event.new)), "fragment"
    )
