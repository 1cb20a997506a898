"""The map of strategies by problems: how far each way is from the fastest one of its problem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from ._axes import Axis
from ._cells import Cells
from ._finish import Frame
from ._palette import Kind, Palette, blend, palette
from ._units import significant

_WORDS = ["problem", "way", "time", "said"]
_TIPS = [("problem", "@problem"), ("way", "@way"), ("time", "@time"), ("", "@said")]
_AROUND, _ROW = 150, 24  # CSS pixels: what is around the cells, and a row of them
_PALE, _DECADES = 0.1, 2.0  # the least strength of a color, and the decades over which it fades


@dataclass(frozen=True)
class Case:
    """One way for one problem.

    Attributes:
        across: The place of the way, from the left.
        down: The place of the problem, from the top.
        problem: The problem and its sizes in words.
        way: The strategy.
        kind: Of its mode.
        ratio: Its time over that of the problem's fastest; None where there is nothing to compare.
        time: Its time in words.
        word: What is written where there is no ratio.
        said: What there is to say of it, in a sentence; "" for nothing.
        ahead: Whether it is the fastest, or ties with it.
        rule: Whether it is what the rule n ≤ m → forward picks.
    """

    across: int
    down: int
    problem: str
    way: str
    kind: Kind
    ratio: float | None
    time: str
    word: str = ""
    said: str = ""
    ahead: bool = False
    rule: bool = False


def problem_map(drawn: dict[str, Any], *, dark: bool = False) -> hv.Overlay:
    """Draw how many times the fastest way's time each way takes, a row a problem.

    The color of a way is the stronger the nearer it is to the fastest; the cell says the ratio. A
    heavy border marks what the rule n ≤ m → forward picks.

    Args:
        drawn: `cases`; `ways` and `problems`, the titles from the left and from the top.
        dark: Whether the page is dark.
    """
    colors = palette(dark)
    cases: Sequence[Case] = drawn["cases"]
    ways, problems = drawn["ways"], drawn["problems"]
    laid = Cells(_WORDS, _TIPS, "11px", dark=dark)
    for case in cases:
        told = (case.problem, case.way, case.time, case.said)
        up = len(problems) - 1 - case.down
        laid.add(case.across, up, told, _fill(case, colors), _written(case), heavy=case.rule)
    there = bool(cases)
    across = tuple((float(place), way) for place, way in enumerate(ways))
    down = tuple((float(place), title) for place, title in enumerate(reversed(problems)))
    return laid.overlay(
        Frame(
            x=Axis(
                "",
                -0.6,
                max(len(ways), 1) - 0.4,
                across,
                slanted=True,
                visible=there,
                thinned=False,
            ),
            y=Axis("", -0.6, max(len(problems), 1) - 0.4, down, visible=there, thinned=False),
            dark=dark,
            height=_AROUND + _ROW * len(problems),
            sentence="" if there else "No map yet",
            extra=laid.lay,
        ),
        xaxis="top",
    )


def _written(case: Case) -> str:
    if case.ratio is None:
        return case.word
    return f"{significant(case.ratio, 2)}×"


def _fill(case: Case, colors: Palette) -> str:
    if case.ratio is None:
        return colors.grid
    share = 1.0 if case.ahead else max(_PALE, 0.8 - 0.7 * math.log10(case.ratio) / _DECADES)
    return blend(colors.background, colors.of(case.kind), share)
