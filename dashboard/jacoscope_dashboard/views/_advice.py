"""The card above the tabs: what to use, how that is known, and what the textbook says."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from jacoscope import Advice

from .._experiment import VECTOR_FIELDS
from .._html import Html

if TYPE_CHECKING:
    from .._explorer import Explorer

_RULES = {
    "forward": "forward mode, as there are no more inputs than outputs",
    "reverse": "reverse mode, as there are fewer outputs than inputs",
    "forward_over_reverse": "forward over reverse",
}
_FREE = ("mode", "batching", "chunk_size", "order", "time_limit", *VECTOR_FIELDS)
_PRODUCTS = {"jmp": "forward mode, which pushes vectors", "mjp": "reverse mode, which pulls them"}


class AdviceView:
    """What is advised for the settings: measured once they are compared, estimated before."""

    def __init__(self, explorer: Explorer) -> None:
        """Show what there is, and follow."""
        self._explorer = explorer
        self.panel = Html(margin=(0, 0, 12, 0))
        session = explorer.session
        session.estimate.param.watch(lambda *_: self.refresh(), ["state", "picture"])
        session.comparison.param.watch(lambda *_: self.refresh(), ["study"])
        self.refresh()

    def refresh(self) -> None:
        """Show the advice for what the settings are now, soon."""
        self._explorer.pace.ask("advice", lambda: self.panel.write(self._card()))

    def _card(self) -> str:
        session, spec = self._explorer.session, self._explorer.settings()
        comparison = session.comparison
        study = comparison.study if _same_question(comparison.spec, spec) else None
        if study is not None and study.too_small:
            return _frame("Any way will do", "measured here", _TOO_SMALL)
        if study is not None and study.advice is not None:
            return advice_card(study.advice, spec["quantity"])
        estimate = session.estimate
        match estimate.state:
            case "ok":
                return advice_card(Advice(**estimate.picture["advice"]), spec["quantity"])
            case "busy" | "empty":
                return _frame("Looking for the way to use", "estimating", "Nothing is timed yet.")
            case "failed":
                return _frame("No advice", "not estimated", estimate.message)
            case _:
                return ""


_TOO_SMALL = "All of the ways take about as long as calling a function that does nothing."


def advice_card(advice: Advice, quantity: str) -> str:
    """Return the card of an advice.

    Args:
        advice: What is advised.
        quantity: What it is for.
    """
    measured = advice.source == "measured"
    origin = "measured here" if measured else "estimated, not timed"
    rule = _PRODUCTS.get(quantity) or _RULES[advice.textbook]
    agrees = "the same" if advice.agrees else "another way"
    return _frame(
        f"{'Use' if measured else 'Try'} {advice.strategy}",
        origin,
        advice.reason,
        f"The textbook says {agrees}: {rule}.",
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
