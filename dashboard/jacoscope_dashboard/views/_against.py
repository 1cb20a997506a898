"""On the tab *Compare*: the study against an earlier one, of this visit or of a file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import panel as pn

from jacoscope import Study

from .. import _ui as ui
from .._comparison import Ran
from .._history import said_of
from .._html import Html, alert
from .._table import SortableTable
from .._upload import FileInput
from ._against_words import COLUMNS, against_rows, against_sentence

if TYPE_CHECKING:
    from .._explorer import Explorer

_HEAD = (
    "<h3>Against another study</h3><p class='quiet'>One of this visit, or one saved as JSON: of"
    " another day, version or machine.</p>"
)
_LARGEST = 5_000_000  # bytes of a file
_FILE = "the file"


class Against:
    """Which strategies moved beyond noise from another study to this one."""

    def __init__(self, explorer: Explorer) -> None:
        """Build a place; the rest comes with the first study."""
        self._explorer = explorer
        self._study: Study | None = None
        self._held = explorer.session.against
        self._saved: bytes | None = None
        self._others: dict[str, Study | bytes] = {}
        self._asked: tuple[Study, Study | bytes] | None = None
        self._built = False
        self.panel = pn.Column(visible=False, sizing_mode="stretch_width", margin=(22, 0, 0, 0))

    def show(self, study: Study | None) -> None:
        """Show a study against what was chosen; without one, nothing."""
        self._study = study
        if study is not None and not self._built:
            self._build()
        self.panel.visible = study is not None
        if study is not None:
            self._offer()

    def _build(self) -> None:
        self._built = True
        self.other = ui.Select(
            label="Against", options=[], size="small", width=420, visible=False, margin=(6, 12)
        )
        self.other.param.watch(lambda _: self._ask(), "value")
        self._held.param.watch(lambda *_: self._answer(), ["state", "picture"])
        self.file = FileInput(
            self._refuse,
            _LARGEST,
            label="Open a saved study",
            accept=".json",
            variant="outlined",
            margin=(6, 12),
        )
        self.file.param.watch(lambda event: self.read(event.new), "value")
        self._said = Html(margin=(6, 0))
        self.table = SortableTable(columns=COLUMNS, visible=False, margin=(4, 0, 10, 0))
        parts = [Html(_HEAD), ui.side_by_side(self.other, self.file, gap="0"), self._said]
        self._explorer.pace.lay("compare: against", self.panel, [*parts, self.table])

    def read(self, content: bytes | None) -> None:
        """Take the content of a file, whatever is in it: a worker reads it."""
        if not content:
            return
        if len(content) > _LARGEST:
            self._refuse()
            return
        self._saved = content
        self._offer()
        self.other.value = _FILE
        self._ask()

    def _refuse(self) -> None:
        self._said.write(alert(f"The file has more than {_LARGEST / 1e6:g} MB, as no study has."))

    def _offer(self) -> None:
        history: list[Ran] = self._explorer.session.comparison.history
        earlier = [ran for ran in history if ran.study is not self._study]
        self._others = {
            f"{place}. {said_of(ran)}": ran.study for place, ran in enumerate(earlier, 1)
        }
        if self._saved is not None:
            self._others[_FILE] = self._saved
        names = list(self._others)
        if names != self.other.options:
            value = self.other.value if self.other.value in names else next(iter(names), None)
            self.other.param.update(options=names, value=value, visible=bool(names))
        self._ask()

    def _ask(self) -> None:
        """Ask for what is chosen; the answer is shown as it comes."""
        there = self._others.get(self.other.value or "")
        if self._study is None or there is None:
            self.table.visible = False
            self._said.write("")
            self._asked = None
            return
        asked = self._asked
        if asked is None or asked[0] is not self._study or asked[1] is not there:
            self._asked = self._study, there
            self._explorer.session.hold_against(self._study, there)
        self._answer()

    def _answer(self) -> None:
        held = self._held.picture
        match self._held.state:
            case "failed" | "cancelled":
                self.table.visible = False
                self._said.write(alert(self._held.message))
            case "ok" if held is not None:
                self._said.write(f"<p>{escape(against_sentence(held))}</p>")
                rows = against_rows(held, dark=self._explorer.dark)
                caption = "This study against the other, by strategy"
                self.table.param.update(visible=bool(rows), rows=rows, caption=caption)
