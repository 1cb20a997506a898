"""Stacked horizontal bars: the parts of a whole, for each strategy, in one HoloViews element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from ._axes import Axis
from ._finish import Frame, options, quiet, telling
from ._legend import Entry, entries
from ._marks import INK, column, table
from ._palette import Palette

_TIPS = [("strategy", "@strategy"), ("part", "@part"), ("size", "@size")]
_LONG = 18  # letters of a name that stay on one line
_HALF = 0.34  # of the thickness of a bar


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        name: Whose it is.
        parts: The size of each part; None where it is unknown, and takes no room.
    """

    name: str
    parts: tuple[float | None, ...]

    @property
    def end(self) -> float:
        """Give where the bar ends: the sum of what is known of it."""
        return float(sum(part for part in self.parts if part is not None))


@dataclass(frozen=True)
class Part:
    """One box: a part of a bar, or on a bar.

    Attributes:
        rank: Of its bar, from the top.
        start: Where it starts.
        size: How long it is.
        strategy: Whose it is.
        name: Which part it is.
        words: Its size in words.
        ink: Its color.
        half: Half of its thickness; bars are 1 apart.
    """

    rank: int
    start: float
    size: float
    strategy: str
    name: str
    words: str
    ink: str
    half: float = _HALF


def parts_of(
    bars: Sequence[Bar], names: Sequence[str], write: Callable[[float | None], str], colors: Palette
) -> list[Part]:
    """Give the parts of all bars, one name after the other.

    Args:
        bars: From the top down.
        names: The names of the parts, as many as each bar has.
        write: How a size is written.
        colors: Of this page.
    """
    parts = []
    for place, name in enumerate(names):
        for rank, bar in enumerate(bars):
            size = bar.parts[place]
            if size:
                start = Bar("", bar.parts[:place]).end
                words, ink = write(size), colors.parts[place]
                parts.append(Part(rank, start, size, bar.name, name, words, ink))
    return parts


def stacked(parts: Sequence[Part], whole: str, frame: Frame, colors: Palette) -> hv.Overlay:
    """Draw the boxes as one element, each in its color; the later ones lie on the earlier ones.

    Args:
        parts: The boxes.
        whole: What they are parts of, for the names of dimensions.
        frame: Of the figure.
        colors: Of this page.

    Returns:
        An overlay of the one element: alone, HoloViews 1.23 has no `Rectangles` without the
        ranges of its data, which would move the axes at each update.
    """
    boxes = [
        (
            part.start,
            part.rank - part.half,
            part.start + part.size,
            part.rank + part.half,
            *(part.strategy, part.name, part.words, part.ink),
        )
        for part in parts
    ]
    ends = [f"{whole} {end}" for end in ("from", "bottom", "to", "top")]
    style = {"color": column(INK), "line_color": colors.background, "line_width": 1}
    words = ["strategy", "part", "size", INK]
    element: Any = hv.Rectangles(table(boxes, ends, words), ends, words, datatype=["dictionary"])
    overlay: Any = hv.Overlay([element.opts(**quiet(), **telling(_TIPS, **style))])
    return overlay.opts(**options(frame))


def parts_shown(parts: Sequence[Part]) -> tuple[Entry, ...]:
    """Give the legend of `stacked` boxes."""
    return entries(part.name for part in parts)


def rank_axis(names: Sequence[str], notes: Sequence[str] = ()) -> Axis:
    """Give the axis with a name for each bar, the first on top, and notes under the names."""
    words = [_broken(name) for name in names]
    if notes:
        words = [_noted(word, note) for word, note in zip(words, notes, strict=True)]
    ticks = tuple((float(rank), word) for rank, word in enumerate(words))
    bottom = max(0, len(names) - 1) + 0.6
    return Axis("", bottom, -0.6, ticks, visible=bool(names), thinned=False)


def rank_words(words: Sequence[str]) -> tuple[tuple[float, str], ...]:
    """Give what stands right of each bar, the first on top."""
    return tuple((float(rank), word) for rank, word in enumerate(words))


def _broken(name: str) -> str:
    head, slash, tail = name.partition("/")
    return f"{head}{slash}\n{tail}" if len(name) > _LONG else name


def _noted(word: str, note: str) -> str:
    one_line = "\n" in word or len(word) + len(note) < _LONG
    return f"{word}{' ' if one_line else chr(10)}{note}" if note else word
