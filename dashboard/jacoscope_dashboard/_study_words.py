"""What a study and an advice say in words, as plain text: for the page and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from jacoscope import Advice, Measurement, Study
from jacoscope._advice import mixed_hosts

TOO_SMALL = "All of these take about as long as calling a function that does nothing."
NOTHING = "None of the ways could be measured. The table says why."
_NAMED = 3
_STATUS = {
    "ok": "",
    "unsupported": "can't work",
    "refused": "refused",
    "timed_out": "timed out",
    "out_of_memory": "out of memory",
    "crashed": "crashed",
    "cancelled": "cancelled",
}
_RULES = {
    "forward": "forward mode, as there are no more inputs than outputs",
    "reverse": "reverse mode, as there are fewer outputs than inputs",
    "forward_over_reverse": "forward over reverse",
}
_PRODUCTS = {"jmp": "forward mode, which pushes vectors", "mjp": "reverse mode, which pulls them"}


def verdict(study: Study) -> tuple[str, str]:
    """Return what a study says, as a heading and a sentence; either may be empty.

    The heading names the winner, a tie, or says that all is too small to tell.
    """
    title, sentence = _verdict(study)
    return title, " ".join(filter(None, [sentence, measured_where(study)]))


def measured_where(study: Study) -> str:
    """Say which host of a cluster measured a study, or that several did; empty on this machine."""
    if len(study.hosts) > 1:
        return several_hosts(study.rows)
    if "attempts" not in study.environment or not study.hosts:
        return ""
    kind = study.environment.get("device_kind")
    return f"Measured on host {study.hosts[0]}{f' ({kind})' if kind else ''}."


def several_hosts(rows: Sequence[Measurement]) -> str:
    """Say that what was timed comes from several hosts; empty where it comes from one."""
    hosts = list(dict.fromkeys(row.host for row in rows if row.host and row.median_s is not None))
    return mixed_hosts(hosts) if len(hosts) > 1 else ""


def _verdict(study: Study) -> tuple[str, str]:
    best = study.best()
    if best is None:
        return "", NOTHING
    if study.too_small:
        return "Too small to tell.", TOO_SMALL
    if not best.tie:
        return f"{best.strategy} is fastest", ""
    others = [row for row in study.rows if row.tie and row is not best]
    least = {
        True: ", with the least memory",
        False: "; none of them takes less memory",
        None: "",
    }[best.takes_less(others)]
    names = _listed([row.strategy for row in others])
    return "A tie", f"{best.strategy} is as fast as {names}{least}."


def advice_title(advice: Advice) -> str:
    """Return what to use, as a heading."""
    return f"{'Use' if advice.source == 'measured' else 'Try'} {advice.strategy}"


def advice_origin(advice: Advice) -> str:
    """Return how an advice is known."""
    return "measured here" if advice.source == "measured" else "estimated, not timed"


def textbook_sentence(advice: Advice, quantity: str) -> str:
    """Return what the textbook says beside an advice for a quantity."""
    rule = _PRODUCTS.get(quantity) or _RULES[advice.textbook]
    return f"The textbook says {'the same' if advice.agrees else 'another way'}: {rule}."


def status_words(row: Measurement) -> str:
    """Return a row's status in words; nothing where it is ok."""
    return _STATUS[row.status]


def tags(row: Measurement, best: Measurement | None) -> list[str]:
    """Return what is said of a row's time in a word or two each."""
    chosen = best is not None and row.strategy == best.strategy
    return [
        *(["best"] if chosen else []),
        *(["tie"] if row.tie else []),
        *(["noisy"] if row.noisy else []),
        *(["not jitted"] if row.jit is False else []),
    ]


def note(row: Measurement) -> str:
    """Return what else there is to say of a row."""
    word = status_words(row)
    return f"{word[0].upper()}{word[1:]}. {row.message}".strip() if word else row.message


def compiling_s(row: Measurement) -> float | None:
    """Return the seconds of tracing, lowering and compiling together; None where unknown."""
    known = [part for part in (row.trace_s, row.lower_s, row.compile_s) if part is not None]
    return sum(known) if known else None


def by_time(rows: Sequence[Measurement]) -> list[Measurement]:
    """Return rows with the fastest first, those without a time last."""
    return sorted(rows, key=lambda row: float("inf") if row.median_s is None else row.median_s)


def _listed(names: list[str]) -> str:
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
