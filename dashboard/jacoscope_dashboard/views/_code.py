"""The tab *Code*: how to keep what is on the screen."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import panel as pn

from jacoscope import Study

from .. import _ui as ui
from .._code import given_lines, snippet
from .._code_box import CodeBox
from .._html import Html
from .._product_code import products_snippet
from ._tab import Tab

if TYPE_CHECKING:
    from .._explorer import Explorer

_MATRIX = "<h3>The matrix on the screen</h3><p class='quiet'>With jacoscope, as it is set.</p>"
_PRODUCTS = "<h3>The products on the screen</h3><p class='quiet'>With jacoscope, too.</p>"
_PLAIN = (
    "<h3>What is advised</h3><p class='quiet'>In plain JAX, which needs no jacoscope: to keep.</p>"
)
_LINK = "<h3>This page</h3><p class='quiet'>The address restores the settings and the tab.</p>"
_NO_STUDY = "<h3>The comparison</h3><p class='quiet'>There is none yet: Run makes one.</p>"
_STUDY = (
    "<h3>The comparison</h3><p class='quiet'>{}, {} rows. <code>jsc.Study.from_json</code> reads"
    " the JSON, which has every sample in it.</p>"
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
        self.link = CodeBox(label="Copy link", **below)
        self._study_head = Html(_NO_STUDY)
        self.csv = self._download("csv", lambda study: study.to_frame().to_csv(index=False))
        self.json = self._download("json", lambda study: json.dumps(study.to_plain(), indent=1))
        parts = [
            *(Html(_MATRIX), self.matrix),
            *(Html(_PRODUCTS), self.products),
            *(self._plain_head, self.plain),
            *(Html(_LINK), self.link),
            *(self._study_head, ui.side_by_side(self.csv, self.json, gap="12px")),
        ]
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
        given = given_lines(explorer.session.target(spec))
        self.matrix.code = snippet(spec, given)
        self.products.code = products_snippet(spec, given)
        advised = explorer.advice.code.code
        self._plain_head.visible = self.plain.visible = bool(advised)
        self.plain.code = advised
        self.csv.disabled = self.json.disabled = study is None
        self._study_head.write(
            _NO_STUDY if study is None else _STUDY.format(escape(study.title), len(study.rows))
        )

    def _download(self, kind: str, write: Callable[[Study], str]) -> ui.FileDownload:
        def file() -> io.StringIO:
            study = self._explorer.study
            return io.StringIO("" if study is None else write(study))

        return ui.FileDownload(
            callback=file,
            filename=f"study.{kind}",
            label=kind.upper(),
            disabled=True,  # from the start: a browser may miss what changes while it builds
            margin=0,
        )
