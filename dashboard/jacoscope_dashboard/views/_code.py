"""The tab *Code*: how to keep what is on the screen."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import panel as pn

from jacoscope import Study, notebook

from .. import _ui as ui
from .._code import given_lines, point_lines, snippet
from .._code_box import CodeBox
from .._experiment import OWN
from .._html import Html
from .._link import fragment_of
from .._own import typed
from .._product_code import products_snippet
from .._requests import compare_request
from ._script import has_pytree
from ._tab import Tab

if TYPE_CHECKING:
    from .._explorer import Explorer

_MATRIX = "<h3>The matrix on the screen</h3><p class='quiet'>With jacoscope, as it is set.</p>"
_PRODUCTS = "<h3>The products on the screen</h3><p class='quiet'>With jacoscope, too.</p>"
_PLAIN = (
    "<h3>What is advised</h3><p class='quiet'>In plain JAX, which needs no jacoscope: to keep.</p>"
)
_LINK = "<h3>This page</h3><p class='quiet'>The address restores the settings and the tab.</p>"
_LINK_WITH_CODE = (
    "<h3>This page</h3><p class='quiet'>The copied link restores the settings and the tab, and"
    " brings your code. Who opens it reads the code before it runs.{}</p>"
)
_NO_FILE = " The file that x comes from is not in it."
_NO_STUDY = "<h3>The comparison</h3><p class='quiet'>There is none yet: Run makes one.</p>"
_STUDY = (
    "<h3>The comparison</h3><p class='quiet'>{}, {} rows. The report is one file with figures and"
    " tables that needs no network, the notebook measures all of it again, and the JSON, which"
    " <code>jsc.Study.from_json</code> reads, has every sample in it.</p>"
)
_NO_PARQUET = (
    "<p class='quiet'>Parquet needs pyarrow where this page is served:"
    " <code>pip install pyarrow</code>.</p>"
)


class CodeView(Tab):
    """Scripts of what is on the screen, the last study as a file, and the page's address."""

    def __init__(self, explorer: Explorer) -> None:
        """Build the tab, when it is first opened."""
        super().__init__(explorer, "code")
        below = {"margin": (0, 0, 18, 0)}
        self.matrix = CodeBox(unfolded=True, **below)
        self.products = CodeBox(**below)
        self._plain_head = Html(_PLAIN)
        self.plain = CodeBox(**below)
        self._link_head = Html(_LINK)
        self.link = CodeBox(label="Copy link", **below)
        self._study_head = Html(_NO_STUDY)
        self.report = _download("Report", "report.html", self._report)
        self.notebook = self._written("Notebook", "study.ipynb", self._notebook)
        self.csv = self._written(
            "CSV", "study.csv", lambda study: study.to_frame().to_csv(index=False)
        )
        self.json = self._written(
            "JSON", "study.json", lambda study: json.dumps(study.to_plain(), indent=1)
        )
        self.parquet = self._written(
            "Parquet", "study.parquet", lambda study: study.to_frame().to_parquet(index=False)
        )
        self.files = (self.report, self.notebook, self.csv, self.json, self.parquet)
        parts = [
            *(Html(_MATRIX), self.matrix),
            *(Html(_PRODUCTS), self.products),
            *(self._plain_head, self.plain),
            *(self._link_head, self.link),
            *(self._study_head, ui.side_by_side(*self.files, gap="12px")),
            Html("" if parquet_known() else _NO_PARQUET, margin=(8, 0, 0, 0)),
        ]
        self._show()  # before they are laid: a browser may miss what changes while it builds
        self.panel = pn.Column(sizing_mode="stretch_width", margin=(14, 0))
        explorer.pace.lay("code: parts", self.panel, parts, 2)
        self._follow_settings()
        explorer.session.comparison.param.watch(lambda *_: self.refresh(), "study")
        explorer.advice.code.param.watch(lambda *_: self.refresh(), "code")
        self.refresh()

    def _refresh(self) -> None:
        self._ask("scripts", self._show)

    def _show(self) -> None:
        explorer = self._explorer
        spec, study = explorer.settings(), explorer.study
        target = explorer.session.target(spec)
        given = given_lines(target)
        self.matrix.code = snippet(spec, given)
        self.products.code = products_snippet(spec, given)
        self._show_link(target)
        advised = explorer.advice.code.code
        self._plain_head.visible = self.plain.visible = bool(advised)
        self.plain.code = advised
        for each in self.files:
            each.disabled = study is None or (each is self.parquet and not parquet_known())
        self._study_head.write(
            _NO_STUDY if study is None else _STUDY.format(escape(study.title), len(study.rows))
        )

    def _show_link(self, target: Mapping[str, Any] | None) -> None:
        if target is None or target["kind"] != "source":
            self.link.fragment = ""
            self._link_head.write(_LINK)
            return
        self.link.fragment = fragment_of(typed(target))
        missing = "" if target["arrays"] is None else _NO_FILE
        self._link_head.write(_LINK_WITH_CODE.format(missing))

    async def _report(self) -> io.StringIO:
        from .._report import report_in_turns  # which reads from the tabs

        study = self._explorer.study
        return io.StringIO(
            "" if study is None else await report_in_turns(study, pytree=self._pytree)
        )

    def _notebook(self, study: Study) -> str:
        spec = self._explorer.session.comparison.spec or self._explorer.settings()
        given = given_lines(self._explorer.session.target(spec))
        known = spec["problem"] != OWN or bool(given)
        written = notebook(
            study,
            point="\n".join(point_lines(spec, given)) if known else "",
            options=compare_request(spec).job.options,
            pytree=self._pytree,
        )
        return json.dumps(written, indent=1)

    @property
    def _pytree(self) -> bool:
        """Whether the study is of a pytree; True where the page shows another function by now."""
        explorer = self._explorer
        measured, now = explorer.session.comparison.spec, explorer.settings()
        same = measured is not None and all(
            measured[each] == now[each] for each in ("problem", "own", "knobs")
        )
        return not same or has_pytree(explorer)

    def _written(
        self, label: str, name: str, write: Callable[[Study], str | bytes]
    ) -> ui.FileDownload:
        def file() -> io.StringIO | io.BytesIO:
            study = self._explorer.study
            text = "" if study is None else write(study)
            return io.StringIO(text) if isinstance(text, str) else io.BytesIO(text)

        return _download(label, name, file)


def _download(label: str, name: str, file: Callable[[], Any]) -> ui.FileDownload:
    return ui.FileDownload(
        callback=file,
        filename=name,
        label=label,
        disabled=True,
        margin=0,
    )


def parquet_known() -> bool:
    """Whether what pandas writes Parquet with is installed."""
    return find_spec("pyarrow") is not None
