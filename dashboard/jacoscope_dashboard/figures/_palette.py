"""The colors of every figure, in one place, for a light and a dark page.

Forward, reverse and mixed keep a color, a marker and a dash each, everywhere. The three differ by
at least 0.15 in OKLab for full color vision and for protanopia, deuteranopia and tritanopia as
simulated by Machado, Oliveira & Fernandes (2009), https://doi.org/10.1109/TVCG.2009.113; a test
computes it. The diverging scale (purple, neutral, green) is interpolated in OKLab, Ottosson
(2020), https://bottosson.github.io/posts/oklab/, and keeps clear of the colors of the modes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

Kind = Literal["forward", "reverse", "mixed"]

KINDS: tuple[Kind, ...] = ("forward", "reverse", "mixed")
MARKERS: dict[Kind, str] = {"forward": "circle", "reverse": "square", "mixed": "triangle"}
DASHES: dict[Kind, str] = {"forward": "solid", "reverse": "dashed", "mixed": "dotted"}
STEPS = 255  # odd: zero has a color to itself
_AA, _STEPS = 4.5, 20

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True)
class Palette:
    """Colors as `#rrggbb`.

    Attributes:
        forward: Of forward mode.
        reverse: Of reverse mode.
        mixed: Of orders that mix both, and of what has no mode.
        neutral: Of what belongs to no strategy.
        background: Of the page, for what has to cover; figures themselves are transparent.
        foreground: Of text and outlines.
        muted: Of text that stands back.
        grid: Of grid lines and borders.
        parts: Of three parts of a whole, by lightness.
        nan: Of NaN in a heatmap.
        inf: Of both infinities in a heatmap.
        anchors: The diverging scale's, from the most negative to the most positive.
    """

    forward: str
    reverse: str
    mixed: str
    neutral: str
    background: str
    foreground: str
    muted: str
    grid: str
    parts: tuple[str, str, str]
    nan: str
    inf: str
    anchors: tuple[str, ...]

    def of(self, kind: Kind) -> str:
        """Give the color of a kind of strategy."""
        return {"forward": self.forward, "reverse": self.reverse, "mixed": self.mixed}[kind]


LIGHT = Palette(
    forward="#1976d2",
    reverse="#d55e00",
    mixed="#4a0072",
    neutral="#78909c",
    background="#ffffff",
    foreground="#1c2430",
    muted="#56616f",
    grid="#dde2e8",
    parts=("#00524e", "#2f9e94", "#a9ddd4"),
    nan="#ffb300",
    inf="#d50000",
    anchors=("#46106b", "#8a4fae", "#c9a9dc", "#f4f3f5", "#a9d8a5", "#3f9a55", "#0b4f26"),
)
DARK = Palette(
    forward="#42a5f5",
    reverse="#ff8a3d",
    mixed="#ecdcff",
    neutral="#90a4ae",
    background="#171c24",
    foreground="#e8ebf0",
    muted="#a5afbd",
    grid="#2c3440",
    parts=("#d3f3ee", "#5fc4b8", "#1f7a70"),
    nan="#ffb300",
    inf="#ff5252",
    anchors=("#ecd2ff", "#b57be0", "#6b3f8f", "#2b3440", "#2c6b43", "#55b877", "#c6f7cf"),
)


# Of passes, of which there may be any number: Tol, https://personal.sron.nl/~pault/, the schemes
# "muted" and "light", told apart without full color vision; a pass has a number as well.
_GROUPS = (
    *("#cc6677", "#332288", "#ddcc77", "#117733", "#88ccee"),
    *("#882255", "#44aa99", "#999933", "#aa4499"),
)
_GROUPS_DARK = (
    *("#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff"),
    *("#44bb99", "#bbcc33", "#aaaa00", "#dddddd"),
)


def group_colors(dark: bool) -> tuple[str, ...]:
    """Give the colors of passes, one after the other, to be begun anew when they are over."""
    return _GROUPS_DARK if dark else _GROUPS


def palette(dark: bool) -> Palette:
    """Choose the colors for a dark or a light page."""
    return DARK if dark else LIGHT


@cache
def diverging(dark: bool) -> tuple[str, ...]:
    """Interpolate the diverging scale: `STEPS` colors, the middle one neutral.

    Example:
        >>> len(diverging(dark=False)), diverging(dark=False)[127]
        (255, '#f4f3f5')
    """
    anchors = [_to_oklab(color) for color in palette(dark).anchors]
    places = np.linspace(0, STEPS - 1, len(anchors))
    channels = [np.interp(np.arange(STEPS), places, channel) for channel in np.transpose(anchors)]
    return tuple(_from_oklab(lab) for lab in np.transpose(channels))


def luminance(color: str) -> float:
    """Give the relative luminance of `#rrggbb`, from 0 to 1, as WCAG 2 defines it."""
    return float(_linear(color) @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colors, from 1 to 21, as WCAG 2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@cache
def inks(dark: bool) -> tuple[str, ...]:
    """Give for each step of the diverging scale the ink that reads best on it."""
    return tuple(ink_on(color) for color in diverging(dark))


@cache
def readable(color: str, background: str) -> str:
    """Move a color towards black or white until text in it reads well: WCAG 2, level AA.

    Example:
        >>> readable("#1976d2", "#ffffff"), readable("#d55e00", "#ffffff") == "#d55e00"
        ('#1976d2', False)
    """
    ink = ink_on(background)
    shades = (blend(color, ink, step / _STEPS) for step in range(_STEPS + 1))
    return next((each for each in shades if contrast(each, background) >= _AA), ink)


def blend(one: str, other: str, share: float) -> str:
    """Mix two colors, with so much of the other one.

    Example:
        >>> blend("#000000", "#ff8000", 0.5)
        '#804000'
    """
    parts = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in parts)


def ink_on(color: str) -> str:
    """Choose black or white ink, whichever reads better on `color`."""
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, color))


def _linear(color: str) -> np.ndarray:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.array([p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts])


def _to_oklab(color: str) -> np.ndarray:
    return _TO_LAB @ np.cbrt(_TO_LMS @ _linear(color))


def _from_oklab(lab: np.ndarray) -> str:
    linear = np.linalg.solve(_TO_LMS, np.linalg.solve(_TO_LAB, lab) ** 3).clip(0, 1)
    gamma = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in gamma)
