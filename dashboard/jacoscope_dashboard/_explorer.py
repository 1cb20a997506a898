"""The Explorer: the same object is the content of the page and the widget in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from html import escape
from typing import Any
from urllib.parse import parse_qsl

import panel as pn
import param

from jacoscope import Study

from . import _ui as ui
from ._arrival import Arrival
from ._boundary import catch_for, extension
from ._channel import code_named
from ._code import given_lines, snippet
from ._comparison import Ran
from ._controls import Controls
from ._experiment import OWN, Experiment, describe
from ._formula import typeset
from ._html import Html, alert
from ._jobs import Hop, Runner
from ._keepsake import Keepsake
from ._kernel import KernelHop
from ._link import read_fragment
from ._pace import Pace
from ._place import hop_here
from ._policy import Policy, policy_here
from ._product_code import products_snippet
from ._requests import same_to_measure, telling_knobs
from ._saved import slim
from ._session import Session
from ._shelf import Shelf
from .views import (
    AdviceView,
    CodeView,
    CompareView,
    EditorView,
    InsideView,
    JacobianView,
    LessonsView,
    ProductsView,
    ScalingView,
    StructureView,
)

TABS = ("jacobian", "products", "compare", "scaling", "inside", "lessons", "code")
_LATER: dict[str, Callable[[Explorer], Any]] = {
    "products": ProductsView,
    "compare": CompareView,
    "scaling": ScalingView,
    "inside": InsideView,
    "lessons": LessonsView,
    "code": CodeView,
}  # built when they are first opened
_LARGER = (
    "{} may be too small to tell one way from another. So the first comparison is of {};"
    " Run compares any other size that you set."
)
_AS_WIDGETS = ("ipywidgets", "vscode")  # Panel shows an ipywidget, which is not in the notebook
_NO_EDITOR = "This page is about a function of its own, and has no editor to show it in."


class Explorer(pn.viewable.Viewer):
    """See, measure and choose how JAX differentiates one function.

    Shows itself in a notebook; `servable()` makes it the page. What is on the screen is in
    `settings()` as plain values, in `code()` as a script, and in `study` as numbers.

    Attributes:
        advice: The card above the tabs.
        editor: Where one's own function is typed; None where that is not offered.
        policy: Whether code that is typed on the page may run.
        later: Name → the views of the tabs that have been opened, but the first.
    """

    tab = param.Selector(default="jacobian", objects=list(TABS), doc="The tab in front.")
    dark = param.Boolean(default=False, doc="Whether the figures are for a dark page.")

    def __init__(
        self,
        *,
        own: Any = None,
        policy: Policy | None = None,
        runner: Runner | None = None,
        hop: Hop | None = None,
        query: str = "",
        **params: Any,
    ) -> None:
        """Build the explorer and start on its first matrix.

        Args:
            own: The target of one's own function as plain data; None for the gallery.
            policy: Whether code that is typed on the page may run; None finds it.
            runner: Where jobs run; None for this machine's worker processes.
            hop: The way to the thread that may touch widgets; None finds it.
            query: A URL's query to take the experiment from.
            **params: See the class.
        """
        extension()
        super().__init__(**({"tab": tab_in(query)} | params))
        policy = policy_here() if policy is None else policy
        home = {} if own is None else {"home": OWN}
        self.experiment = Experiment(**home, why_no_own=policy.reason)
        self._notices = self.experiment.read_query(query)
        if runner is None:
            from jacoscope.run import local_runner

            runner = local_runner()
        self.hop = hop or hop_here()
        self.pace = Pace(self.hop)
        self.session = Session(runner, self.hop, own)
        self.policy = policy
        self._offers_own = own is not None or policy.allowed
        self.editor = EditorView(self) if own is None and policy.allowed else None
        self._request()
        # First of all watchers: the worker computes while the widgets follow.
        self.experiment.param.watch(lambda *_: self._request(), list(Experiment.WATCHED))

        self._messages = Html(margin=(0, 0, 12, 0))
        self._subject = Html(margin=(0, 0, 8, 0))
        self.advice = AdviceView(self)
        first = self.tab == "jacobian"
        self._jacobian = JacobianView(self.session.matrix, self.pace, active=first, dark=self.dark)
        self.structure = StructureView(self)
        self.later: dict[str, Any] = {}
        self._shelf = Shelf(
            [name.capitalize() for name in TABS], TABS.index(self.tab), self._tab_chosen
        )
        self._shelf.fill(0, self._jacobian.panel, self.structure.panel)
        self.body = pn.Column(
            self._messages,
            self._subject,
            *([self.editor.panel] if self.editor else []),
            self.advice.panel,
            self._shelf.panel,
            sizing_mode="stretch_width",
            margin=(18, 24),
        )
        self.param.watch(self._tab_set, "tab")
        self.param.watch(lambda *_: self._darken(), "dark")
        self.experiment.param.watch(lambda *_: self._changed(), list(Experiment.WATCHED))
        self.session.matrix.param.watch(lambda *_: self._say(), ["state", "message"])
        self.session.param.watch(lambda *_: self._say(), "notice")
        catch_for(self._tell)
        self._describe()
        self._say()
        self._to_front()
        self._fill_tabs()

    @cached_property
    def controls(self) -> Controls:
        """The drawer, built when it is first asked for: the picture comes first."""
        return Controls(
            self.experiment,
            self.session,
            own=self._offers_own,
            why_no_own="" if self._offers_own else self.policy.reason,
            run=self.run,
            bring_back=self.bring_back,
        )

    @cached_property
    def keepsake(self) -> Keepsake:
        """What a notebook keeps of the widget."""
        return Keepsake(self)

    @property
    def study(self) -> Study | None:
        """The last study that was completed, or None."""
        return self.session.comparison.study

    def settings(self) -> dict[str, Any]:
        """Return what is on the screen as plain values."""
        return self.experiment.spec()

    def code(self) -> str:
        """Return a script that computes what is on the screen."""
        write = products_snippet if self.tab == "products" else snippet
        spec = self.experiment.spec()
        return write(spec, given_lines(self.session.target(spec)))

    def run(self) -> None:
        """Compare all strategies for the experiment, and show it.

        The first comparison of a visit that has changed nothing is at a size that tells: the
        example it starts with takes as long as an empty call, whatever the way.
        """
        self.tab = "compare"
        knobs = telling_knobs(self.experiment.spec()) if self._untouched else None
        if knobs is not None:
            small = describe(self.experiment.spec())
            self.experiment.knobs = knobs
            self._notices = [_LARGER.format(small, describe(self.experiment.spec()))]
            self._say()
        self.session.run(self.experiment.spec())

    @property
    def _untouched(self) -> bool:
        """Whether nothing was compared yet, and the settings are those of a first visit."""
        first = self.experiment.blank().spec()
        same = same_to_measure(first, self.experiment.spec())
        return same and self.session.comparison.spec is None

    def take_link(self, fragment: str) -> None:
        """Show the code that a link carries behind its `#`; none of it is run.

        Args:
            fragment: What is behind the `#`; see `read_fragment`.
        """
        if not fragment:
            return
        if self.editor is None:
            self._tell(f"The link carries code. {self.policy.reason or _NO_EDITOR}")
            return
        try:
            given = read_fragment(fragment)
        except ValueError as error:
            self._tell(str(error))
            return
        self.experiment.problem = OWN
        self.editor.show(given, "link")

    def sweep(self) -> None:
        """Compare all strategies over several sizes of the first knob."""
        self.session.sweep(self.experiment.spec())

    def bring_back(self, ran: Ran) -> None:
        """Go back to a comparison of this visit: its settings and its numbers."""
        if self.session.comparing is None:
            self.session.comparison.bring_back(ran)
            self.experiment.param.update(**ran.spec)
            self.tab = "compare"

    def run_telling(self) -> None:
        """Go to a size whose times tell something, and run."""
        knobs = telling_knobs(self.experiment.spec())
        if knobs is not None:
            self.experiment.knobs = knobs
        self.run()

    def close(self) -> None:
        """Stop all work: the visit is over."""
        self.session.close()

    def servable(self, *args: Any, **kwargs: Any) -> Any:
        """Make this the page that is served. See `panel.viewable.Viewer.servable`."""
        from ._page import page

        page(self).servable(*args, **({"title": "Jacoscope", "location": False} | kwargs))
        return self

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the widget for a notebook: the controls beside the tabs."""
        drawer = pn.Column(self.controls.drawer, width=300)
        styles = {"flex": "1 1 480px", "min-width": "0"}
        arrivals = [self._arrival(self.hop)] if isinstance(self.hop, KernelHop) else []
        return ui.side_by_side(drawer, pn.Column(self.body, *arrivals, styles=styles), gap="0")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return the widget for a notebook, as small as it can be kept there."""
        if isinstance(self.hop, KernelHop):
            from ._rehearsal import rehearse_drawing

            self.keepsake.show()
            self.hop.idly(rehearse_drawing)  # while the browser builds the widget
        show: Any = super()._repr_mimebundle_
        if pn.config.comms in _AS_WIDGETS:
            return show(include, exclude)
        with code_named() as codes:
            shown = show(include, exclude)
        if isinstance(shown, tuple) and "text/html" in shown[0]:
            return {**shown[0], "text/html": slim(shown[0]["text/html"], codes)}, *shown[1:]
        return shown

    def _arrival(self, hop: KernelHop) -> Arrival:
        go_on = hop.expect()

        def arrived() -> None:
            catch_for(self._tell)
            go_on()
            hop(arrival.answer)

        arrival = Arrival(arrived, self.keepsake.name)
        return arrival

    def _request(self) -> None:
        self.session.show(self.experiment.spec())

    def _changed(self) -> None:
        self._notices = []
        self._describe()
        self.advice.refresh()
        self._say()

    def heading(self) -> str:
        """Return what is explored, as HTML: a problem with its sizes, or one's own function."""
        target = self.session.target(self.experiment.spec())
        return _subject(self.experiment, "" if target is None else target["title"])

    def _describe(self) -> None:
        self._subject.write(self.heading())

    def _say(self) -> None:
        sentences = [alert(each, "notice") for each in self._notices]
        if self.session.notice:
            sentences.append(alert(self.session.notice))
        if self.session.matrix.state == "failed":
            sentences.append(alert(self.session.matrix.message, title="No matrix."))
        self._messages.write("".join(sentences))

    def _tell(self, sentence: str) -> None:
        self._notices = [sentence]
        self._say()

    def _tab_chosen(self, place: int) -> None:
        self.tab = TABS[place]

    def _tab_set(self, event: Any) -> None:
        self._shelf.tabs.active = TABS.index(event.new)
        self.pace.ask("tab", self._to_front)  # the click is answered first
        self.pace.ask("tab: content", self._fill_tabs)  # in a turn of its own

    def _to_front(self) -> None:
        if self.tab in _LATER and self.tab not in self.later:
            self.later[self.tab] = _LATER[self.tab](self)
        self._jacobian.active = self.structure.active = self.tab == "jacobian"
        for name, view in self.later.items():
            view.active = self.tab == name

    def _fill_tabs(self) -> None:
        for name, view in self.later.items():
            self._shelf.fill(TABS.index(name), view.panel)

    def _darken(self) -> None:
        self._jacobian.set_dark(self.dark)
        self.structure.set_dark()
        for view in self.later.values():
            view.set_dark()


def tab_in(query: str) -> str:
    """Return the tab that a URL's query names, or the first one."""
    try:
        named = dict(parse_qsl(query.removeprefix("?"), max_num_fields=60)).get("tab", "")
    except ValueError:
        named = ""
    return named if named in TABS else TABS[0]


def _subject(experiment: Experiment, own: str) -> str:
    """Return the heading: a problem with its sizes, or one's own function with its name."""
    title, *sizes = describe(experiment.spec()).split(" · ")
    sizes += [own] if own not in ("", title, "<lambda>") else []
    family = experiment.family
    about = f"<p>{escape(family.about)}</p>" if family else ""
    formula = f"<p>{typeset(family.formula)}</p>" if family else ""
    rest = f' <span class="sizes">· {escape(" · ".join(sizes))}</span>' if sizes else ""
    return f'<div class="subject"><h2>{escape(title)}{rest}</h2>{about}{formula}</div>'
