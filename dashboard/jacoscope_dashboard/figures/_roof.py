"""The roofline: what each strategy does a second, under the most that this machine can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv

from ._axes import Axis, log_limits
from ._finish import Frame, options, telling
from ._layer import Stroke
from ._marks import Dot, by_kind, dot_style, kinds_shown
from ._palette import palette
from ._rows import kind_of
from ._units import format_bytes, format_rate, three_digits

_HEIGHT = 380
_KDIMS = ["operations a byte", "operations a second"]
_VDIMS = ["strategy", "rate", "part", "limit"]
_TIPS = [
    ("strategy", "@strategy"),
    ("does", "@rate"),
    ("of what is possible", "@part"),
    ("limited by", "@limit"),
]
_LIMITS = {"memory": "memory traffic", "compute": "arithmetic"}

Placed = Sequence[Mapping[str, Any]]


def roofline(points: Placed, *, dark: bool = False) -> hv.Points:
    """Draw each strategy's floating-point operations a second over those a byte, and the roof.

    Args:
        points: Mappings with the fields of `jacoscope.RooflinePoint`, and the ceilings as
            `ceiling_flops_per_s` and `ceiling_bytes_per_s`.
        dark: Whether the page is dark.
    """
    colors = palette(dark)
    dots: list[Dot] = [
        (
            kind_of(each["strategy"], None),
            (
                *(each["intensity"], each["flops_per_s"], each["strategy"]),
                format_rate(each["flops_per_s"]),
                f"{three_digits(100 * each['share'])} %",
                _LIMITS[each["bound"]],
            ),
        )
        for each in points
    ]
    left, right, bottom, top = 0.1, 10.0, 1e9, 1e11
    strokes: tuple[Stroke, ...] = ()
    if points:
        compute, traffic = (points[0][f"ceiling_{name}_per_s"] for name in ("flops", "bytes"))
        corner = compute / traffic
        left, right = log_limits([*(each["intensity"] for each in points), corner])
        lowest = min([*(each["flops_per_s"] for each in points), left * traffic])
        bottom, top = log_limits([lowest, compute, *(each["flops_per_s"] for each in points)])
        roof = Stroke((left, corner, right), (left * traffic, compute, compute), colors.muted, 2)
        strokes = (roof,)
    there = bool(points)
    frame = Frame(
        x=Axis(_KDIMS[0], left, right, unit="count", visible=there, grid=there),
        y=Axis(_KDIMS[1], bottom, top, unit="rate", visible=there, grid=there),
        dark=dark,
        height=_HEIGHT,
        legend=kinds_shown(dots),
        strokes=strokes,
        sentence="" if there else "The roof of this machine isn't known yet",
    )
    drawn: Any = by_kind(dots, _KDIMS, _VDIMS, dark)
    told = telling(_TIPS, **dot_style(dark))
    return drawn.opts(**options(frame, logx=True, logy=True, **told))


def summary_roofline(points: Placed) -> str:
    """Say how close the closest strategy comes to the roof, and what limits it."""
    if not points:
        return "The roof of this machine isn't known yet."
    best = max(points, key=lambda each: each["share"])
    compute, traffic = (points[0][f"ceiling_{name}_per_s"] for name in ("flops", "bytes"))
    text = (
        f"Measured here, a product of matrices does {format_rate(compute)}, and memory"
        f" moves {format_bytes(traffic)} a second. {best['strategy']} comes closest, at"
        f" {three_digits(100 * best['share'])} % of the most that {_LIMITS[best['bound']]} allows"
    )
    if best["share"] > 1:
        text += ", more than the roof, as caches serve what is counted as traffic"
    return text + "."
