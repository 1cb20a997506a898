"""The roofline as Bokeh draws it."""

from __future__ import annotations

from typing import Any

import pytest

from jacoscope_dashboard.figures import palette, roofline, summary_roofline
from tests.dashboard.figures_data import (
    Fed,
    columns,
    drawn,
    hovers,
    looks,
    of_glyph,
    the,
    written,
)


def placed(strategy: str, intensity: float, share: float, bound: str) -> dict[str, Any]:
    roof = min(1e11, 2e10 * intensity)
    return {
        "strategy": strategy,
        "intensity": intensity,
        "flops_per_s": share * roof,
        "roof_flops_per_s": roof,
        "share": share,
        "bound": bound,
        "ceiling_flops_per_s": 1e11,
        "ceiling_bytes_per_s": 2e10,
    }


POINTS = [
    placed("forward/vmap", 1.0, 0.25, "memory"),
    placed("jax.jacrev", 50.0, 0.5, "compute"),
]


def test_the_roof_rises_with_memory_and_is_flat_beyond_its_corner() -> None:
    (strokes,) = of_glyph(drawn(roofline(POINTS)), "MultiLine")
    (xs,), (ys,) = strokes["xs"], strokes["ys"]
    assert xs[1] == 5.0  # operations a byte, where both limits meet
    assert ys[0] / xs[0] == pytest.approx(2e10)
    assert ys[1:] == [1e11, 1e11]


@pytest.mark.parametrize("dark", [False, True])
def test_points_say_how_far_they_are(dark: bool) -> None:
    figure = drawn(roofline(POINTS, dark=dark))
    points = the(figure, "Scatter")
    data = columns(points)
    assert data["operations a second"] == [0.25 * 2e10, 0.5 * 1e11]
    assert data["part"] == ["25 %", "50 %"]
    assert data["rate"] == ["5 GFLOP/s", "50 GFLOP/s"]
    assert data["limit"] == ["memory traffic", "arithmetic"]
    assert looks(points, "fill_color") == [(palette(dark).forward,), (palette(dark).reverse,)]
    assert set(hovers(figure)["Scatter"].values()) == {"strategy", "rate", "part", "limit"}


def test_in_a_sentence() -> None:
    assert summary_roofline(POINTS) == (
        "Measured here, a product of matrices does 100 GFLOP/s, and memory moves 20 GB a second."
        " jax.jacrev comes closest, at 50 % of the most that arithmetic allows."
    )
    above = summary_roofline([placed("forward/vmap", 1.0, 1.2, "memory")])
    assert "at 120 % of the most that memory traffic allows, more than the roof" in above


def test_without_a_roof_there_is_a_sentence() -> None:
    fed = Fed(roofline, [])
    assert written(fed.figure, "sentence") == [summary_roofline([])[:-1]]
    fed.push(POINTS)
    assert written(fed.figure, "sentence") == []
