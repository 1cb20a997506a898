"""Each figure in one sentence, for those who don't see it, and beside it for all."""

from __future__ import annotations

from typing import Any

from ._compile_times import prepared
from ._rows import Rows, number, timed
from ._sweep import IDEAL, Curve, Points, curves
from ._tradeoff import front, placed
from ._units import UNKNOWN, format_bytes, format_count, format_seconds, three_digits


def summary_heatmap(picture: dict[str, Any]) -> str:
    """Say how large the matrix is, how many passes each mode takes, and what isn't finite.

    Args:
        picture: What a `matrix` job brings.
    """
    n_out, n_in = picture["n_out"], picture["n_in"]
    text = f"{_many(n_out, 'output')} by {_many(n_in, 'input')}"
    forward, reverse = picture.get("passes_forward"), picture.get("passes_reverse")
    if forward is not None and reverse is not None:
        text += (
            f": {_many(forward, 'forward pass', 'es')} or {_many(reverse, 'reverse pass', 'es')}"
        )
    largest = number(picture.get("max_abs"))
    odd = [
        f"{_many(count, 'value')} {'is' if count == 1 else 'are'} {what}"
        for count, what in (
            (picture.get("nan_count"), "NaN"),
            (picture.get("inf_count"), "infinite"),
        )
        if count
    ]
    if largest:
        text += f"; the largest magnitude is {three_digits(largest)}"
    elif largest == 0 and not odd:
        text += "; all zero"
    if odd:
        text += "; " + " and ".join(odd)
    if picture.get("reduced"):
        down, across = picture["values"].shape
        text += f"; drawn as {format_count(down)} × {format_count(across)} blocks"
    return text + "."


def summary_times(rows: Rows) -> str:
    """Say which strategy is the fastest, or which tie, and by how much the next is slower.

    Args:
        rows: Rows of a study.
    """
    pairs = timed(rows)
    if not pairs:
        return "No strategy has been timed yet."
    best, median = pairs[0]
    if len(pairs) == 1:
        return f"{best.strategy} takes {format_seconds(median)}; no other strategy was timed."
    tied = [row for row, _ in pairs if row is best or row.tie]
    rest = [(row, s) for row, s in pairs if not any(row is other for other in tied)]
    if len(tied) > 1:
        names = _listed([row.strategy for row in tied])
        text = f"A tie for the fastest between {names}, at about {format_seconds(median)}"
    else:
        text = f"{best.strategy} is the fastest of {len(pairs)}, at {format_seconds(median)}"
    if rest:
        row, slower = rest[0]
        text += f"; next comes {row.strategy} at {format_seconds(slower)}"
        text += f", {three_digits(slower / median)} times as long"
    noisy = sum(bool(row.noisy) for row, _ in pairs)
    if noisy:
        text += f"; {noisy} of {len(pairs)} measurements {'is' if noisy == 1 else 'are'} noisy"
    return text + "."


def summary_memory(rows: Rows) -> str:
    """Say which strategy needs the least and the most memory, and what was measured.

    Args:
        rows: Rows of a study.
    """
    sizes = [(number(row.predicted_bytes), row) for row in rows]
    found = sorted(((size, row) for size, row in sizes if size is not None), key=_first)
    peaks = [(number(row.peak_bytes), row) for row in rows]
    measured = sorted(((peak, row) for peak, row in peaks if peak is not None), key=_first)
    if not found and not measured:
        return "No memory is known yet."
    text = "The predicted memory is " + UNKNOWN
    if found:
        (least, low), (most, high) = found[0], found[-1]
        same = [row.strategy for size, row in found if size == least]
        if len(found) == 1:
            text = f"{low.strategy} is predicted to need {format_bytes(least)}"
        elif least == most:
            text = f"All {len(found)} strategies are predicted to need {format_bytes(least)}"
        else:
            verb = "is" if len(same) == 1 else "are"
            text = f"{_listed(same)} {verb} predicted to need the least, {format_bytes(least)}"
            text += f", and {high.strategy} the most, {format_bytes(most)}"
    if not measured:
        return f"{text}; the measured peak is {UNKNOWN}."
    peak, row = measured[-1]
    return f"{text}; the highest measured peak is {format_bytes(peak)}, of {row.strategy}."


def summary_compile_times(rows: Rows) -> str:
    """Say which strategy is the quickest and which the slowest to prepare.

    Args:
        rows: Rows of a study.
    """
    found = sorted(((bar.end, bar.name) for bar in prepared(rows)), key=_first)
    if not found:
        return "No strategy has been compiled yet."
    (least, quick), (most, slow) = found[0], found[-1]
    if len(found) == 1:
        return f"{quick} takes {format_seconds(least)} to trace, lower and compile."
    text = f"Tracing, lowering and compiling takes from {format_seconds(least)}, for {quick},"
    return f"{text} to {format_seconds(most)}, for {slow}."


def summary_tradeoff(rows: Rows) -> str:
    """Say which strategies no other beats in time and memory, from fastest to smallest.

    Args:
        rows: Rows of a study.
    """
    best = front(placed(rows))
    if not best:
        return "No way has both a time and a known memory yet."
    names = [row.strategy for _, _, row in best]
    if len(names) == 1:
        return f"{names[0]} is the fastest and takes the least memory."
    (size, seconds, first), (least, slowest, last) = best[0], best[-1]
    text = (
        f"From {first.strategy}, the fastest, to {last.strategy}, the smallest, memory falls to"
        f" {three_digits(least / size)} and time grows to {three_digits(slowest / seconds)} times"
        " what it was"
    )
    if len(names) > 2:
        text += f"; between them {'lies' if len(names) == 3 else 'lie'} {_listed(names[1:-1])}"
    return text + "."


def summary_sweep(points: Points) -> str:
    """Say which strategy is the fastest at both ends of a sweep.

    Args:
        points: Mappings as for `sweep_times`.
    """
    lines = curves(points, "median_s")
    if not lines:
        return "The sweep has no measured point yet."
    first, last, knob = _ends(lines, points)
    text = f"At {knob} {format_count(first)} {_fastest(lines, points, first)}"
    if first == last:
        return text + "."
    return f"{text}; at {format_count(last)} {_fastest(lines, points, last)}."


def summary_sweep_memory(points: Points) -> str:
    """Say which strategy is predicted to need the least memory at both ends of a sweep.

    Args:
        points: Mappings as for `sweep_memory`.
    """
    lines = curves(points, "predicted_bytes")
    if not lines:
        return "The sweep has no known memory yet."
    first, last, knob = _ends(lines, points)
    text = f"At {knob} {format_count(first)} {_leanest(lines, first)}"
    return (
        text + "." if first == last else f"{text}; at {format_count(last)} {_leanest(lines, last)}."
    )


def summary_speed_up(points: Points) -> str:
    """Say which strategy gains the most from the most devices, against what would be ideal.

    Args:
        points: Mappings as for `sweep_speed_up`.
    """
    lines = [line for line in curves(points, "speed_up") if line.strategy != IDEAL]
    most = max((line.xs[-1] for line in lines), default=1.0)
    if most == 1:
        return "Nothing has been measured on several devices yet."
    best = max((line for line in lines if line.xs[-1] == most), key=lambda line: line.ys[-1])
    share = best.ys[-1] / most
    return (
        f"{format_count(most)} devices: {best.strategy} is {three_digits(best.ys[-1])} times as"
        f" fast as on one, {share:.0%} of the ideal. Devices of a CPU have its cores together."
    )


def _ends(lines: list[Curve], points: Points) -> tuple[float, float, str]:
    values = [x for line in lines for x in line.xs]
    knob = str(points[0]["knob"])
    return min(values), max(values), knob[:1].lower() + knob[1:]


def _at(lines: list[Curve], value: float) -> list[tuple[float, str]]:
    found = [(dict(zip(line.xs, line.ys, strict=True)).get(value), line.strategy) for line in lines]
    return sorted(((y, name) for y, name in found if y is not None), key=_first)


def _leanest(lines: list[Curve], value: float) -> str:
    found = _at(lines, value)
    least = found[0][0]
    same = [name for y, name in found if y == least]
    if len(found) == 1:
        return f"only {same[0]} has a prediction, {format_bytes(least)}"
    verb = "needs" if len(same) == 1 else "need"
    return f"{_listed(same)} {verb} the least memory, {format_bytes(least)}"


def _fastest(lines: list[Curve], points: Points, value: float) -> str:
    found = _at(lines, value)
    best, name = found[0]
    if len(found) == 1:
        return f"only {name} is timed, {format_seconds(best)}"
    spans = {
        point["strategy"]: (number(point.get("low_s")), number(point.get("high_s")))
        for point in points
        if point.get("value") == value
    }
    high = spans.get(name, (None, None))[1]
    lows = [(spans.get(other, (None, None))[0], other) for _, other in found[1:]]
    tied = [other for low, other in lows if high is not None and low is not None and low <= high]
    if tied:
        return f"{_listed([name, *tied])} tie at about {format_seconds(best)}"
    return f"{name} is the fastest, {format_seconds(best)}"


def _many(count: int, word: str, plural: str = "s") -> str:
    return f"{format_count(count)} {word}{'' if count == 1 else plural}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _first(pair: tuple[float, Any]) -> float:
    return pair[0]
