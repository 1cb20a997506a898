"""What the tab *Compare* says in words, from rows, studies and points."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from operator import itemgetter
from typing import Any

from jacoscope import Measurement, Study
from jacoscope.problems import family

from .._comparison import Comparison
from .._html import alert
from .._requests import Spec, sweep_requests, telling_knobs
from .._study_words import compiling_s, several_hosts
from .._study_words import verdict as said
from ..figures import format_seconds
from ._points import point_of

EMPTY = """<div class="empty"><h3>Nothing measured yet</h3>
<p>Run compares every way to compute this on this machine: time, compile time, memory.</p></div>"""
SWEEP_MEMORY = "What XLA predicts: arguments, output and temporaries together."


def verdict(study: Study) -> str:
    """Return what a study says, as a heading: the winner, a tie, or *too small to tell*."""
    title, sentence = said(study)
    if study.best() is None:
        return alert(sentence)
    if study.too_small:
        return alert(sentence, "notice", title)
    rest = f"<p>{escape(sentence)}</p>" if sentence else ""
    return f'<p class="count">{escape(title)}</p>{rest}'


def so_far(rows: Sequence[Measurement]) -> str:
    """Return what is known while a comparison is under way, as a heading."""
    timed = [(row.median_s, row.strategy) for row in rows if row.median_s is not None]
    if timed:
        words, rest = min(timed)[1], "is fastest so far"
    else:
        words, rest = "Comparing", f"{len(rows)} ways compiled so far" if rows else ""
    return f'<p class="count">{escape(words)} <span class="against">{rest}</span></p>'


def compiling(rows: Sequence[Measurement]) -> str:
    """Return which way compiles fastest and which slowest."""
    known = [(compiling_s(row), row.strategy) for row in rows]
    found = sorted((seconds, name) for seconds, name in known if seconds is not None)
    if not found:
        return "No way has been compiled yet."
    (least, first), (most, last) = found[0], found[-1]
    if len(found) == 1:
        return f"{first} takes {format_seconds(least)} to compile."
    return (
        f"{first} compiles fastest, in {format_seconds(least)}; {last} takes longest,"
        f" {format_seconds(most)}."
    )


def sweep_offer(spec: Spec) -> str:
    """Return what a sweep would do; nothing where there is none."""
    requests = sweep_requests(spec)
    if not requests:
        return ""
    *sizes, last = [f"{request.size:,}" for request in requests]
    title = next(iter(family(spec["problem"]).knobs.values())).title.lower()
    return f"Compares every way at {title} {', '.join(sizes)} and {last}."


def telling_offer(spec: Spec) -> str:
    """Return the label of the button that goes to a size that tells; nothing where none is."""
    knobs = telling_knobs(spec)
    if knobs is None:
        return ""
    each = family(spec["problem"])
    sizes = [f"{each.knobs[name].title.lower()} {knobs[name]:,}" for name in each.telling]
    return f"Compare at {', '.join(sizes)}"


def several(comparison: Comparison) -> str:
    """Return a paragraph that says so where a sweep was measured on several hosts."""
    said = several_hosts([row for _, row in comparison.points])
    return f'<p class="quiet">{escape(said)}</p>' if said else ""


def points_of(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the points of a sweep as the figures take them, in the order of their sizes."""
    if comparison.sweep_spec is None:
        return []
    knob = next(iter(family(comparison.sweep_spec["problem"]).knobs.values()))
    return [
        point_of(row, knob.title.lower(), size)
        for size, row in sorted(comparison.points, key=itemgetter(0))
    ]
