"""Stacked horizontal bars: the parts of a whole, for each strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from ._axes import Axis
from ._marks import telling
from ._palette import Palette

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


def stacked(
    bars: Sequence[Bar], names: Sequence[str], write: Callable[[float | None], str], colors: Palette
) -> list[Any]:
    """Draw the bars, one element for each part.

    Args:
        bars: From the top down.
        names: The names of the parts, as many as each bar has.
        write: How a size is written.
        colors: Of this page.
    """
    box = [f"{names[0]} {end}" for end in ("from", "bottom", "to", "top")]
    tips = [("strategy", "@strategy"), ("part", "@part"), ("size", "@size")]
    elements = []
    for place, name in enumerate(names):
        boxes = []
        for rank, bar in enumerate(bars):
            size = bar.parts[place]
            if size:
                start = Bar("", bar.parts[:place]).end
                words = (bar.name, name, write(size))
                boxes.append((start, rank - _HALF, start + size, rank + _HALF, *words))
        elements.append(
            hv.Rectangles(boxes, box, ["strategy", "part", "size"], group="Part", label=name).opts(
                color=colors.parts[place],
                line_color=colors.background,
                line_width=1,
                **telling(tips),
            )
        )
    return elements


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
