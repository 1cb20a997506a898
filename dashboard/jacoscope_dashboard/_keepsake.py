"""What a notebook keeps of a widget's last result, for who opens it where no kernel answers."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from . import _report_tables as tables
from .figures import heatmap_png, summary_heatmap
from .views._words import verdict

if TYPE_CHECKING:
    from ._explorer import Explorer

_WHEN = "No kernel answers: this is what was last seen here. Run the cell to go on."
# Tells MathJax, 2 and 3, that what a notebook has between dollars is no TeX here.
_NO_TEX = "tex2jax_ignore mathjax_ignore"
_NOTHING = "Nothing had been computed yet."


class Keepsake:
    """A picture in words, HTML and pixels beside a widget in the output of its cell.

    It is renewed with each result, and a browser hides it while a kernel answers. What shows
    it needs no script: a notebook that isn't trusted has it, and so has a page made of one.
    """

    def __init__(self, explorer: Explorer) -> None:
        """Keep nothing before the widget is shown."""
        self.name = f"jacoscope-{uuid4().hex}"
        self._explorer = explorer
        self._shown = ""

    def show(self) -> None:
        """Put it into the output of the cell that runs now, and follow what is computed."""
        followed = bool(self._shown)
        self._shown = self._html()
        _publish(self._shown, self.name, again=False)
        if not followed:
            session = self._explorer.session
            session.matrix.param.watch(lambda *_: self._renew(), ["state", "picture"])
            session.comparison.param.watch(lambda *_: self._renew(), "study")

    def _renew(self) -> None:
        html = self._html()
        if html != self._shown:
            self._shown = html
            _publish(html, self.name, again=True)

    def _html(self) -> str:
        explorer, session = self._explorer, self._explorer.session
        parts = [explorer.heading()]
        if session.matrix.state == "ok":
            parts.append(_matrix(session.matrix.picture))
        if explorer.study is not None:
            parts += [verdict(explorer.study), tables.study_table(explorer.study)]
        if len(parts) == 1:
            parts.append(f"<p>{_NOTHING}</p>")
        kept = f"<p><em>{_WHEN}</em></p>{''.join(parts)}"
        return f'<div class="{_NO_TEX}" data-jacoscope="{self.name}">{kept}</div>'


def _matrix(picture: dict[str, Any]) -> str:
    said, file = escape(summary_heatmap(picture)), heatmap_png(picture)
    if file is None:
        return f"<p>{said}</p>"
    address = f"data:image/png;base64,{b64encode(file).decode()}"
    return f'<p>{said}</p><p><img alt="Jacobian: {said}" src="{address}"></p>'


def _publish(html: str, name: str, *, again: bool) -> None:
    """Show HTML in the output of a cell under a name, or in the place of what has that name."""
    from IPython.display import display

    shown = {"text/html": html, "text/plain": _WHEN}
    display(shown, raw=True, display_id=name, update=again)
