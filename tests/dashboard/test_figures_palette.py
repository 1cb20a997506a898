"""Colors that everybody can tell apart, on both pages."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from jacoscope_dashboard.figures import DARK, LIGHT, MARKERS, Palette
from jacoscope_dashboard.figures._palette import (
    DASHES,
    KINDS,
    STEPS,
    contrast,
    diverging,
    luminance,
)

# Machado, Oliveira & Fernandes (2009), table 1, severity 1; on linear RGB.
VISIONS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def oklab(color: str, vision: str) -> np.ndarray:
    srgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    r, g, b = (VISIONS[vision] @ linear).clip(0, 1)
    long = np.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    medium = np.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = np.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return np.array(
        [
            0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
            1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
            0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
        ]
    )


def distance(one: str, other: str, vision: str) -> float:
    return float(np.linalg.norm(oklab(one, vision) - oklab(other, vision)))


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_kinds_are_told_apart_by_everybody(colors: Palette, vision: str):
    for one, other in combinations(KINDS, 2):
        assert distance(colors.of(one), colors.of(other), vision) > 0.15


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("dark", [False, True])
def test_signs_are_told_apart_by_everybody(dark: bool, vision: str):
    scale = diverging(dark)
    for step in (20, 60, 90):
        assert distance(scale[step], scale[STEPS - 1 - step], vision) > 0.05
        assert distance(scale[step], scale[STEPS // 2], vision) > 0.05


@pytest.mark.parametrize("dark", [False, True])
def test_scale_goes_one_way_from_zero_to_both_ends(dark: bool):
    bright = np.array([luminance(color) for color in diverging(dark)])
    away = 1 if dark else -1
    middle = STEPS // 2
    assert np.all(away * np.diff(bright[middle:]) > -1e-3)
    assert np.all(away * np.diff(bright[: middle + 1]) < 1e-3)
    assert away * (bright[0] - bright[middle]) > 0.4
    assert away * (bright[-1] - bright[middle]) > 0.4


@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_text_and_marks_are_seen_on_the_page(colors: Palette):
    assert contrast(colors.foreground, colors.background) > 7
    assert contrast(colors.muted, colors.background) > 4.5
    for kind in KINDS:
        assert contrast(colors.of(kind), colors.background) > 3


def test_color_is_never_alone():
    assert len(set(MARKERS.values())) == len(set(DASHES.values())) == len(KINDS)


def test_black_on_white_has_the_contrast_that_wcag_gives():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
