"""The card above the tabs: what to use, how that is known, and what the textbook says."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import panel as pn

from jacoscope import Advice, Study

from .._code_box import CodeBox
from .._experiment import SHOWN_FIELDS
from .._html import Html
from .._study_words import advice_origin, advice_title, textbook_sentence
from ._script import script

if TYPE_CHECKING:
    from .._explorer import Explorer

_FREE = ("mode", "batching", "chunk_size", "order", "time_limit", *SHOWN_FIELDS)


class AdviceView:
    """What is advised for the settings: measured once they are compared, estimated before."""

    def __init__(self, explorer: Explorer) -> None:
        """Show what there is, and follow."""
        self._explorer = explorer
        self._card = Html()
        self.code = CodeBox(visible=False, margin=(6, 0, 0, 0))
        self.panel = pn.Column(
            self._card, self.code, sizing_mode="stretch_width", margin=(0, 0, 12, 0)
        )
        session = explorer.session
        session.estimate.param.watch(lambda *_: self.refresh(), ["state", "picture"])
        session.matrix.param.watch(lambda *_: self.refresh(), ["state", "picture"])
        session.comparison.param.watch(lambda *_: self.refresh(), ["study"])
        self.refresh()

    def refresh(self) -> None:
        """Show the advice for what the settings are now, soon."""
        self._explorer.pace.ask("advice", self._show)

    def _show(self) -> None:
        study = self._study()
        advice = self._advice(study)
        self._card.write(self._said(study, advice))
        quantity = self._explorer.settings()["quantity"]
        code = "" if advice is None else script(self._explorer, advice.strategy, quantity)
        self.code.param.update(code=code, visible=bool(code))

    def _study(self) -> Study | None:
        """The study that answers what is asked now."""
        comparison = self._explorer.session.comparison
        asked = self._explorer.settings()
        return comparison.study if _same_question(comparison.spec, asked) else None

    def _advice(self, study: Study | None) -> Advice | None:
        if study is not None and (study.too_small or study.advice is not None):
            return study.advice
        estimate = self._explorer.session.estimate
        return Advice(**estimate.picture["advice"]) if estimate.state == "ok" else None

    def _said(self, study: Study | None, advice: Advice | None) -> str:
        if study is not None and study.too_small:
            return study_card(study)
        if advice is not None:
            return advice_card(advice, self._explorer.settings()["quantity"])
        estimate = self._explorer.session.estimate
        match estimate.state:
            case "busy" | "empty":
                return looking_card()
            case "failed":
                return _frame("No advice", "not estimated", estimate.message)
            case _:
                return ""


def looking_card() -> str:
    """Return the card of what nothing is known of yet."""
    return _frame("Looking for the way to use", "estimating", "Nothing is timed yet.")


_TOO_SMALL = "All of the ways take about as long as calling a function that does nothing."


def study_card(study: Study) -> str:
    """Return the card of what a study advises; nothing where nothing was measured."""
    if study.too_small:
        return _frame("Any way will do", "measured here", _TOO_SMALL)
    advice = study.advice
    return "" if advice is None else advice_card(advice, study.rows[0].quantity)


def advice_card(advice: Advice, quantity: str) -> str:
    """Return the card of an advice.

    Args:
        advice: What is advised.
        quantity: What it is for.
    """
    return _frame(
        advice_title(advice),
        advice_origin(advice),
        advice.reason,
        textbook_sentence(advice, quantity),
    )


def _frame(title: str, origin: str, *sentences: str) -> str:
    lines = "".join(f"<p>{escape(each)}</p>" for each in sentences if each)
    return (
        '<section class="advice" aria-label="Advice">'
        f'<h3>{escape(title)} <span class="tag">{escape(origin)}</span></h3>{lines}</section>'
    )


def _same_question(measured: dict[str, object] | None, asked: dict[str, object]) -> bool:
    """Say whether a comparison was made for what is asked now, whatever way is on the screen."""
    return measured is not None and all(
        measured[name] == value for name, value in asked.items() if name not in _FREE
    )
