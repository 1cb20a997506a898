"""A study and an advice as plain text: the table, the verdict, what to use."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from jacoscope import Advice, Measurement, Study
from jacoscope._units import format_bytes, format_count, format_seconds, significant

from .._quantities import QUANTITIES
from .._study_words import (
    advice_origin,
    advice_title,
    by_time,
    compiling_s,
    note,
    status_words,
    tags,
    textbook_sentence,
    verdict,
)

_HEADS = (
    *("Strategy", "Time", "95 % interval", "× best", "Compiling", "Predicted", "Peak"),
    *("Passes", "Error", "Note"),
)
_LEFT = ("Strategy", "Note")


def study_report(study: Study, width: int, larger: str = "") -> str:
    """Return what a study says.

    Args:
        study: The study.
        width: Characters that sentences may take in a line; the table takes what it needs.
        larger: What to do where all is too small to tell.
    """
    title, sentence = verdict(study)
    said = " ".join(filter(None, [title and f"{title.rstrip('.')}.", sentence]))
    lines = [
        _heading(study),
        "",
        *_table(study),
        "",
        *_notes(study.rows, width),
        _fill(said, width),
    ]
    if study.too_small:
        lines += [_fill(larger, width)] if larger else []
    elif study.advice is not None:
        lines.append(advice_report(study.advice, study.rows[0].quantity, width))
    return "\n".join(lines)


def advice_report(advice: Advice, quantity: str, width: int) -> str:
    """Return what is advised for a quantity, in lines of at most so many characters."""
    lines = [
        f"{advice_title(advice)} ({advice_origin(advice)}).",
        advice.reason,
        textbook_sentence(advice, quantity),
    ]
    if advice.source == "estimated":
        lines.append(f"Predicted memory: {format_bytes(advice.predicted_bytes)}.")
    return "\n".join(_fill(each, width) for each in lines)


def _heading(study: Study) -> str:
    first = study.rows[0]
    known = next((row for row in study.rows if row.n_in is not None), first)
    sizes = []
    if known.n_in is not None and known.n_out is not None:
        sizes = [_many(known.n_in, "input"), _many(known.n_out, "output")]
    said = ", ".join([*sizes, *(each for each in (known.dtype, known.device) if each)])
    title = f"{QUANTITIES[first.quantity]} of {study.title}"
    return f"{title}: {said}" if said else title


def _many(count: int, what: str) -> str:
    return f"{format_count(count)} {what}{'' if count == 1 else 's'}"


def _table(study: Study) -> list[str]:
    best = study.best()
    lines = [_HEADS, *(_cells(row, best) for row in by_time(study.rows))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if head in _LEFT else cell.rjust(width)
            for head, cell, width in zip(_HEADS, line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def _cells(row: Measurement, best: Measurement | None) -> tuple[str, ...]:
    interval = times = ""
    if row.low_s is not None and row.high_s is not None:
        interval = f"{format_seconds(row.low_s)} – {format_seconds(row.high_s)}"
    if row.median_s is not None and best is not None and best.median_s:
        times = significant(row.median_s / best.median_s, 3)
    compiling = compiling_s(row)
    return (
        row.strategy,
        "" if row.median_s is None else format_seconds(row.median_s),
        interval,
        times,
        "" if compiling is None else format_seconds(compiling),
        "" if row.predicted_bytes is None else format_bytes(row.predicted_bytes),
        "" if row.peak_bytes is None else format_bytes(row.peak_bytes),
        "" if row.passes is None else f"{row.passes:,}",
        "" if row.error is None else significant(row.error, 2),
        ", ".join(filter(None, [*tags(row, best), status_words(row)])),
    )


def _notes(rows: Sequence[Measurement], width: int) -> list[str]:
    """What else there is to say, once for all rows that it is said of."""
    said: dict[str, list[str]] = {}
    for row in by_time(rows):
        if note(row):
            said.setdefault(note(row), []).append(row.strategy)
    lines = [_fill(f"{', '.join(names)}: {text}", width, "  ") for text, names in said.items()]
    return [*lines, ""] if lines else []


def _fill(text: str, width: int, indent: str = "") -> str:
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
