"""The sentences beside the figures say what the data say, and no more."""

from __future__ import annotations

import numpy as np

from jacoscope_dashboard.figures import (
    summary_compile_times,
    summary_heatmap,
    summary_memory,
    summary_sweep,
    summary_sweep_memory,
    summary_times,
)
from tests.dashboard.figures_data import picture, point, row


def test_matrix():
    assert summary_heatmap(picture([[1.0, -4.96, 0.0], [0, 0, 0]])) == (
        "2 outputs by 3 inputs: 3 forward passes or 2 reverse passes;"
        " the largest magnitude is 4.96."
    )


def test_matrix_of_one_and_of_zeros():
    assert summary_heatmap(picture([[0.0]])) == (
        "1 output by 1 input: 1 forward pass or 1 reverse pass; all zero."
    )


def test_matrix_with_odd_values_that_is_reduced():
    text = summary_heatmap(picture([[np.nan, np.inf, np.inf]], n_in=600, reduced=True))
    assert "1 value is NaN and 2 values are infinite" in text
    assert text.startswith("1 output by 600 inputs")
    assert text.endswith("drawn as 1 × 3 blocks.")


def test_no_finite_value_is_not_called_zero():
    assert "zero" not in summary_heatmap(picture([[np.nan]], max_abs=0.0))


def test_the_fastest_and_by_how_much():
    rows = [row("slow", 3e-4), row("fast", 1e-4), row("failed", None, status="crashed")]
    assert summary_times(rows) == (
        "fast is the fastest of 2, at 100 µs; next comes slow at 300 µs, 3 times as long."
    )


def test_a_tie_is_called_a_tie():
    rows = [
        row("a", 1e-4, tie=True),
        row("b", 1.01e-4, tie=True),
        row("c", 1.02e-4, tie=True),
        row("d", 2e-4, tie=False, noisy=True),
    ]
    text = summary_times(rows)
    assert text == (
        "A tie for the fastest between a, b and c, at about 100 µs; next comes d at 200 µs,"
        " 2 times as long; 1 of 4 measurements is noisy."
    )
    assert "fastest of" not in text


def test_one_and_no_time():
    assert summary_times([row("a", 1e-3)]) == "a takes 1 ms; no other strategy was timed."
    assert summary_times([row("a", None)]) == "No strategy has been timed yet."


def test_preparation():
    rows = [row("a", trace_s=0.1, compile_s=0.9), row("b", compile_s=0.2), row("c")]
    assert summary_compile_times(rows) == (
        "Tracing, lowering and compiling takes from 200 ms, for b, to 1 s, for a."
    )
    assert summary_compile_times([row("c")]) == "No strategy has been compiled yet."


def test_memory():
    rows = [row("a", predicted_bytes=1000), row("b", predicted_bytes=3000, peak_bytes=4000)]
    assert summary_memory(rows) == (
        "a is predicted to need the least, 1 kB, and b the most, 3 kB;"
        " the highest measured peak is 4 kB, of b."
    )
    assert summary_memory(rows[:1]) == (
        "a is predicted to need 1 kB; the measured peak is unknown."
    )
    assert summary_memory([row("c")]) == "No memory is known yet."


def test_memory_where_all_need_the_same():
    rows = [row(name, predicted_bytes=1000) for name in "abc"]
    assert summary_memory(rows).startswith("All 3 strategies are predicted to need 1 kB")
    assert summary_memory([*rows, row("d", predicted_bytes=2000)]).startswith(
        "a, b and c are predicted to need the least, 1 kB, and d the most, 2 kB"
    )


def test_measured_without_prediction():
    assert summary_memory([row("a", peak_bytes=5000)]) == (
        "The predicted memory is unknown; the highest measured peak is 5 kB, of a."
    )


def test_sweep_at_both_ends():
    points = [
        point(4, "forward/vmap", 1e-5, low_s=0.9e-5, high_s=1.1e-5),
        point(4, "reverse/vmap", 1.05e-5, low_s=1e-5, high_s=1.2e-5),
        point(1024, "forward/vmap", 9e-3),
        point(1024, "reverse/vmap", 2e-4),
    ]
    assert summary_sweep(points) == (
        "At batch size 4 forward/vmap and reverse/vmap tie at about 10 µs;"
        " at 1,024 reverse/vmap is the fastest, 200 µs."
    )
    assert summary_sweep(points[-1:]) == ("At batch size 1,024 only reverse/vmap is timed, 200 µs.")
    assert summary_sweep([]) == "The sweep has no measured point yet."


def test_sweep_of_memory():
    points = [
        point(4, "a", None, predicted_bytes=100),
        point(4, "b", None, predicted_bytes=100),
        point(8, "a", None, predicted_bytes=400),
        point(8, "b", None, predicted_bytes=300),
    ]
    assert summary_sweep_memory(points) == (
        "At batch size 4 a and b need the least memory, 100 B;"
        " at 8 b needs the least memory, 300 B."
    )
    assert summary_sweep_memory([]) == "The sweep has no known memory yet."
