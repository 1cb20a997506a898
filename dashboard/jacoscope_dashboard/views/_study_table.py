"""From rows of a study to the cells of its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jacoscope import Measurement

from .._study_words import by_time, compiling_s, note, tags
from ..figures import format_bytes, format_seconds, palette
from ..figures._rows import kind_of
from ..figures._units import significant


def _column(key: str, label: str, hint: str, **more: bool) -> dict[str, Any]:
    return {"key": key, "label": label, "hint": hint, **more}


COLUMNS = [
    _column("strategy", "Strategy", "Mode, batching and chunk size", left=True),
    _column("median", "Time", "Median of one call, compiled"),
    _column("quartiles", "Quartiles", "Half of the samples lie between these"),
    _column("passes", "Passes", "Products with one vector that it takes"),
    _column("compile", "Compiling", "Tracing, lowering and compiling"),
    _column("memory", "Predicted", "Memory: arguments, output and temporaries, by XLA"),
    _column("peak", "Peak", "Memory measured while it ran; a cell's hint says how, or why not"),
    _column("error", "Error", "Largest relative error against the reference"),
    _column("note", "Note", "What else there is to say", left=True, wrap=True),
]
HOST = _column("host", "Host", "The machine that measured it", left=True)


def columns(*, elsewhere: bool) -> list[dict[str, Any]]:
    """Return the columns, with the host where not all is measured on this machine."""
    return [*COLUMNS[:-1], HOST, COLUMNS[-1]] if elsewhere else COLUMNS


def table_rows(
    rows: Sequence[Measurement], best: Measurement | None, *, dark: bool
) -> list[dict[str, Any]]:
    """Return the rows as `SortableTable` takes them, the fastest first."""
    return [_row(row, best, dark) for row in by_time(rows)]


def _row(row: Measurement, best: Measurement | None, dark: bool) -> dict[str, Any]:
    chosen = best is not None and row.strategy == best.strategy
    compiling = compiling_s(row)
    quartiles = ""
    if row.q25_s is not None and row.q75_s is not None:
        quartiles = f"{format_seconds(row.q25_s)} – {format_seconds(row.q75_s)}"
    return {
        "mark": "best" if chosen else "" if row.status == "ok" else "dim",
        "cells": {
            "strategy": {
                "text": row.strategy,
                "sort": row.strategy,
                "tags": tags(row, best),
                "color": palette(dark).of(kind_of(row.strategy, row.mode)),
            },
            "median": _cell(row.median_s, format_seconds),
            "quartiles": {"text": quartiles, "sort": row.q25_s},
            "passes": _cell(row.passes, lambda count: f"{count:,}"),
            "compile": _cell(compiling, format_seconds),
            "memory": _cell(row.predicted_bytes, format_bytes),
            "peak": _peak(row),
            "error": _cell(row.error, lambda error: significant(error, 2)),
            "host": {"text": row.host or "", "sort": row.host},
            "note": {"text": note(row), "sort": note(row) or None},
        },
    }


def _cell(value: Any, words: Any) -> dict[str, Any]:
    known = value is not None
    return {"text": words(value) if known else "", "sort": value}


def _peak(row: Measurement) -> dict[str, Any]:
    known = row.peak_bytes is not None
    text = format_bytes(row.peak_bytes) if known or row.status == "ok" else ""
    return {"text": text, "sort": row.peak_bytes, "hint": row.memory_source or ""}
