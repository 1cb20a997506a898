"""Small pieces of HTML. Everything that comes from outside passes through `escape`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import panel as pn

from ._theme import CSS


class Html(pn.pane.HTML):
    """A pane for our own HTML, in our own style."""

    def __init__(self, html: str = "", **params: Any) -> None:
        """Show `html`, in which everything foreign is escaped."""
        settings = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [CSS]}
        super().__init__(html, visible=bool(html), **(settings | params))

    def write(self, html: str) -> None:
        """Show other HTML; nothing at all takes no room."""
        if html != self.object:
            self.param.update(object=html, visible=bool(html))

    def _update(self, ref: str, model: Any) -> None:  # noqa: ARG002 (Panel's signature)
        # Panel 1.9 sends all styles with every text, in a notebook as addresses to fetch.
        properties = self._get_properties(model.document)
        properties.pop("stylesheets", None)
        model.update(**properties)


def alert(sentence: str, kind: str = "error", title: str = "") -> str:
    """Return a sentence in a box: `error`, `notice` or `quiet`."""
    role = "alert" if kind == "error" else "status"
    head = f"<strong>{escape(title)}</strong> " if title else ""
    return f'<div class="alert {kind}" role="{role}">{head}{escape(sentence)}</div>'


def progress_bar(done: float, total: float, sentence: str) -> str:
    """Return a progress bar with its sentence; without a total, a bar of unknown length."""
    value = f'value="{done:g}" max="{total:g}"' if total else ""
    return (
        f'<progress aria-label="Progress" {value}></progress>'
        f'<div class="status" role="status">{escape(sentence)}</div>'
    )


def matrix_table(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[str]],
    caption: str,
    hints: Mapping[str, str] | None = None,
) -> str:
    """Return a table of values with a heading for each row and column, and hints on headings."""

    def heading(name: str, scope: str) -> str:
        hint = (hints or {}).get(name, "")
        title = f' title="{escape(hint)}"' if hint else ""
        return f'<th scope="{scope}"{title}>{escape(name)}</th>'

    head = "".join(heading(name, "col") for name in columns)
    body = "".join(
        f"<tr>{heading(name, 'row')}"
        + "".join(f"<td>{escape(value)}</td>" for value in line)
        + "</tr>"
        for name, line in zip(rows, values, strict=True)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="values"><caption>{escape(caption)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
