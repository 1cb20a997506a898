"""What the tab *Inside* says: passes, residuals, equations and the program, as HTML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from jacoscope import Measurement
from jacoscope._equation_graph import MOST_NODES

from .._html import alert, matrix_table
from ..figures import format_bytes
from ..figures._units import UNKNOWN

Picture = Mapping[str, Any]

_SIZES = ("bytes_accessed", "temp_bytes", "argument_bytes", "output_bytes")
_MODES = {"one JVP": "forward", "one VJP": "reverse", "one VJP, checkpointed": "reverse"}
_HINTS = {
    "f": "The function itself, without derivatives",
    "one JVP": "f(x) and one column, or any direction: forward mode",
    "one VJP": "f(x) and one row, or any combination: reverse mode, which keeps values of f",
    "one VJP, checkpointed": "The same, keeping what the policy says and computing the rest again",
    "FLOPs": "Additions, multiplications and the like; loop bodies times their trip count",
    "of f's": "FLOPs in units of those of f",
    "Bytes accessed": "Read and written by all operations, as XLA counts them",
    "Temporary": "Memory that the program needs beside arguments and output, as XLA plans it",
    "Arguments": "Memory of what goes in",
    "Output": "Memory of what comes out",
}
_NOWHERE = "the function's arguments and constants"
_NOT_RUN = "predicted by XLA; peak unknown: nothing was run"
_MOST_LINES = 400


def pass_rows(picture: Picture) -> list[Measurement]:
    """Return the passes as rows, for the figures that draw those of a study."""
    return [
        Measurement("jacobian", name, mode=_MODES.get(name), memory_source=_NOT_RUN).but(
            **{key: value for key, value in each.items() if key != "message"}
        )
        for name, each in picture["passes"].items()
        if not each["message"]
    ]


def passes_html(picture: Picture) -> str:
    """Return the table of the passes: their work, in units of f, too, and their bytes."""
    passes = picture["passes"]
    own = passes["f"]["flops"]
    columns = ["FLOPs", "of f's", "Bytes accessed", "Temporary", "Arguments", "Output"]
    values = []
    for each in passes.values():
        flops = each["flops"]
        times = f"{flops / own:.3g}×" if flops is not None and own else UNKNOWN
        values.append([_count(flops), times, *(_bytes(each[name]) for name in _SIZES)])
    notes = dict.fromkeys(each["flops_note"] for each in passes.values() if each["flops_note"])
    failed = [f"{name}: {each['message']}" for name, each in passes.items() if each["message"]]
    return (
        "<h3>One pass</h3><p class='quiet'>FLOPs from the jaxpr, loops multiplied; bytes from XLA."
        " A JVP or VJP is for one vector and computes f, too.</p>"
        + matrix_table(list(passes), columns, values, "What one pass takes", _HINTS)
        + "".join(f"<p class='quiet'>{escape(note[0].upper() + note[1:])}.</p>" for note in notes)
        + "".join(alert(each, "notice") for each in failed)
    )


def kept_html(picture: Picture, policy: str) -> str:
    """Return what reverse mode keeps, by source line, before and after a checkpoint."""
    kept, again = picture["kept"], picture["kept_with_policy"]
    if kept is None:
        return f"<h3>What reverse mode keeps</h3>{alert(picture['why_not'], 'notice')}"
    before, after = _by_source(kept), _by_source(again or [])
    totals = [sum(each["bytes"] for each in found) for found in (kept, again or [])]
    order = sorted({*before, *after}, key=lambda source: -before.get(source, 0))
    rows = [*order, "in all"]
    values = [[_bytes(found.get(source, 0)) for found in (before, after)] for source in order]
    values.append([_bytes(total) for total in totals])
    return (
        "<h3>What reverse mode keeps</h3><p class='quiet'>Between the forward and the backward"
        f" pass, by the line that makes it: {escape(_arrays(kept))} as f is, and"
        f" {escape(_arrays(again or []))} under a checkpoint. What is not kept is computed"
        " anew.</p>" + matrix_table(rows, ["As it is", policy], values, "Bytes kept by source line")
    )


def equations_html(picture: Picture) -> str:
    """Return the equations, those marked whose results reverse mode keeps."""
    lines = "".join(_line(each) for each in picture["equations"])
    more = picture["omitted"]
    cut = f"<p class='quiet'>{more:,} more equations are left out.</p>" if more else ""
    if picture["graph"] is None:
        cut += f"<p class='quiet'>Too many for a graph, which has up to {MOST_NODES} nodes.</p>"
    marked = sum(bool(each["kept"]) for each in picture["equations"])
    said = f"{len(picture['equations']) + more:,} equations"
    return (
        f"<h3>The jaxpr of f</h3><p class='quiet'>{said}, {marked} of them with something that"
        " reverse mode keeps.</p>"
        '<div class="listing scroll" tabindex="0" role="region" aria-label="Equations">'
        f"{lines}</div>{cut}"
    )


def program_html(picture: Picture, needle: str) -> str:
    """Return the lines of the optimized program that a text is found in; all without one."""
    lines = picture["hlo"].splitlines()
    wanted = needle.strip().lower()
    found = [(i, line) for i, line in enumerate(lines, 1) if wanted in line.lower()]
    shown = "".join(
        f'<div class="line"><span class="at">{i}</span><code>{escape(line)}</code></div>'
        for i, line in found[:_MOST_LINES]
    )
    said = f"{len(found):,} of {len(lines):,} lines" if wanted else f"{len(lines):,} lines"
    more = picture["hlo_omitted"]
    cut = f" It is {more:,} characters longer than what is here." if more else ""
    first = f", the first {_MOST_LINES} shown" if len(found) > _MOST_LINES else ""
    return (
        f"<p class='quiet' role='status'>{said}{first}.{cut}</p>"
        '<div class="listing scroll tall" tabindex="0" role="region" aria-label="Program">'
        f"{shown}</div>"
    )


def _line(each: Mapping[str, Any]) -> str:
    kept = each["kept"]
    tag = f'<span class="tag">keeps {escape(format_bytes(kept))}</span>' if kept else ""
    source = f'<span class="source">{escape(_short(each["source"]))}</span>'
    kind = "line kept" if kept else "line"
    indent = f"padding-left:{1.2 * each['depth']:g}rem"
    return (
        f'<div class="{kind}"><code style="{indent}">{escape(each["text"])}</code>{tag}{source}'
        "</div>"
    )


def _by_source(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for each in found:
        there = each["primitive"] in ("argument", "constant") or not each["source"]
        sums[_NOWHERE if there else _short(each["source"])] += each["bytes"]
    return dict(sums)


def _short(source: str) -> str:
    """Leave the folders out of a source line."""
    path, space, function = source.partition(" ")
    return f"{path.rpartition('/')[2]}{space}{function}"


def _arrays(found: Sequence[Any]) -> str:
    total = format_bytes(sum(each["bytes"] for each in found))
    return f"{total} in {len(found)} {'array' if len(found) == 1 else 'arrays'}"


def _bytes(size: float | None) -> str:
    return UNKNOWN if size is None else format_bytes(size)


def _count(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.0f}"
