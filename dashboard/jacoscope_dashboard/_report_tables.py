"""The tables of a report as HTML: of each figure, of the whole study, of where it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from jacoscope import Measurement, Study
from jacoscope._measurement import COLUMNS as FIELDS

from ._html import matrix_table
from .figures import (
    format_bytes,
    format_count,
    format_rate,
    format_seconds,
    kind_of,
    significant,
    three_digits,
)
from .figures._units import UNKNOWN
from .views._study_table import COLUMNS, compiling_s, table_rows

_NAMES = {
    "date": "Date",
    "host": "Host",
    "system": "System",
    "processor": "Processor",
    "cores": "Cores it may use",
    "device": "Device",
    "device_kind": "Kind of device",
    "x64": "64-bit numbers",
    "xla_flags": "XLA_FLAGS",
    "jacoscope": "Jacoscope",
    "revision": "Revision",
    "jax": "JAX",
    "jaxlib": "jaxlib",
    "python": "Python",
    "load_at_start": "Load at the start",
    "load_at_end": "Load at the end",
}
_ELSEWHERE = ("ceilings",)  # in words of their own


def times(rows: Sequence[Measurement]) -> str:
    """Return the medians, fastest first, with their intervals and samples."""
    found = sorted((row for row in rows if row.median_s is not None), key=lambda r: r.median_s or 0)
    cells = [
        (
            *(format_seconds(row.median_s), format_seconds(row.low_s), format_seconds(row.high_s)),
            *(format_seconds(row.q25_s), format_seconds(row.q75_s), format_count(row.samples)),
            ", ".join(word for word, holds in (("tie", row.tie), ("noisy", row.noisy)) if holds),
        )
        for row in found
    ]
    heads = ("median", "from", "to", "25 %", "75 %", "samples", "note")
    return _table(found, heads, cells, "Median time, its interval, and the quartiles")


def memory(rows: Sequence[Measurement]) -> str:
    """Return the parts of the predicted memory, and the measured peak."""
    names = ("argument", "output", "temp", "residual", "predicted", "peak")
    known = [row for row in rows if row.predicted_bytes is not None or row.peak_bytes is not None]
    cells = [[format_bytes(getattr(row, f"{name}_bytes")) for name in names] for row in known]
    heads = ("arguments", "output", "temporary", "kept for reverse", "predicted", "measured peak")
    return _table(known, heads, cells, "Predicted memory by parts, and the measured peak")


def compiling(rows: Sequence[Measurement]) -> str:
    """Return the seconds of tracing, lowering and compiling."""
    known = [row for row in rows if compiling_s(row) is not None]
    cells = [
        [
            format_seconds(each)
            for each in (row.trace_s, row.lower_s, row.compile_s, compiling_s(row))
        ]
        for row in known
    ]
    heads = ("tracing", "lowering", "compiling", "together")
    return _table(known, heads, cells, "What comes before the first call")


def tradeoff(rows: Sequence[Measurement]) -> str:
    """Return time and memory of each row, fastest first."""
    found = sorted(rows, key=lambda row: row.median_s or 0)
    cells = [(format_seconds(row.median_s), format_bytes(row.predicted_bytes)) for row in found]
    return _table(found, ("median", "predicted memory"), cells, "Time and memory")


def totals(points: Sequence[Mapping[str, Any]]) -> str:
    """Return the total time of each strategy for each number of calls."""
    names = list(dict.fromkeys(str(each["strategy"]) for each in points))
    calls = list(dict.fromkeys(each["value"] for each in points))
    known = {(each["strategy"], each["value"]): each["total_s"] for each in points}
    cells = [[format_seconds(known.get((name, count))) for count in calls] for name in names]
    heads = [format_count(count) for count in calls]
    return matrix_table(names, heads, cells, "Total time for so many calls, compiling included")


def roof(points: Sequence[Mapping[str, Any]]) -> str:
    """Return what each strategy does a second, and what the roof would allow it."""
    cells = [
        (
            three_digits(each["intensity"]),
            format_rate(each["flops_per_s"]),
            format_rate(each["roof_flops_per_s"]),
            f"{three_digits(100 * each['share'])} %",
            each["bound"],
        )
        for each in points
    ]
    heads = ("operations a byte", "does", "roof", "share", "limited by")
    names = [str(each["strategy"]) for each in points]
    return matrix_table(names, heads, cells, "Operations a second, counted and measured")


def study_table(study: Study) -> str:
    """Return the table of the page: a row a strategy, the fastest first."""
    rows = table_rows(study.rows, study.best(), dark=False)
    heads = "".join(
        f'<th scope="col" class="{"left" if each.get("left") else ""}"'
        f' title="{escape(each["hint"])}">{escape(each["label"])}</th>'
        for each in COLUMNS
    )
    lines = "".join(
        f'<tr class="{row["mark"]}">{"".join(_cell(study, row, each) for each in COLUMNS)}</tr>'
        for row in rows
    )
    return _region(
        f"{len(study.rows)} ways, the fastest first",
        f'<table class="study"><caption>{len(study.rows)} ways, the fastest first</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>",
    )


def _cell(study: Study, row: Mapping[str, Any], column: Mapping[str, Any]) -> str:
    cell = row["cells"][column["key"]]
    classes = " ".join(each for each in ("left", "wrap") if column.get(each))
    text = escape(cell["text"])
    if column["key"] == "strategy":
        kind = kind_of(cell["text"], study.row(cell["text"]).mode)
        swatch = f'<span class="swatch {kind}"></span>'
        tags = "".join(f' <span class="tag">{escape(tag)}</span>' for tag in cell.get("tags", ()))
        return f'<th scope="row" class="{classes}">{swatch}{text}{tags}</th>'
    hint = f' title="{escape(cell["hint"])}"' if cell.get("hint") else ""
    return f'<td class="{classes}"{hint}>{text}</td>'


def every_column(study: Study) -> str:
    """Return all columns of the study's frame, in its own units: seconds and bytes."""
    names = [name for name in FIELDS if name != "strategy"]
    rows = [row.strategy for row in study.rows]
    cells = [[_raw(getattr(row, name)) for name in names] for row in study.rows]
    return matrix_table(rows, names, cells, "All columns, in seconds and bytes")


def environment(study: Study) -> str:
    """Return where, when and with which versions the study was made."""
    there = study.environment
    known = [(_NAMES[name], _word(there[name])) for name in _NAMES if name in there]
    odd = [
        (str(name), _word(value))
        for name, value in there.items()
        if name not in _NAMES and name not in _ELSEWHERE
    ]
    pairs = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in [*known, *odd, *_measured(study)]
    )
    return f'<dl class="facts">{pairs}</dl>'


def _measured(study: Study) -> list[tuple[str, str]]:
    threads = sorted({str(row.threads) for row in study.rows if row.threads is not None})
    devices = sorted({row.device for row in study.rows if row.device is not None})
    return [
        ("Devices of the rows", ", ".join(devices) or UNKNOWN),
        ("Threads", ", ".join(threads) or UNKNOWN),
        ("An empty call", format_seconds(study.empty_call_s)),
        ("The function itself", format_seconds(study.f_s)),
        ("Its memory", format_bytes(study.f_bytes)),
    ]


def _table(
    rows: Sequence[Measurement],
    heads: Sequence[str],
    cells: Sequence[Sequence[str]],
    caption: str,
) -> str:
    return matrix_table([row.strategy for row in rows], heads, cells, caption)


def _region(name: str, table: str) -> str:
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}">{table}</div>'
    )


def _raw(value: object) -> str:
    return "" if value is None else str(value)


def _word(value: object) -> str:
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return significant(value, 3)
        case "":
            return "none"
        case str() | int():
            return str(value)
        case _:
            return json.dumps(value)
