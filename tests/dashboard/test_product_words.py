"""What the tab Products says of its vectors, and how it lays them out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacoscope_dashboard.figures import product_board
from jacoscope_dashboard.views._product_words import (
    agreement,
    inner_html,
    plane_html,
    pulled_words,
    pushed_words,
    values_html,
    words_html,
)
from tests.dashboard.product_data import OPTIONS, products

J = np.arange(12.0).reshape(4, 3)


def test_a_flat_and_a_turned_map() -> None:
    flat = plane_html(products([[1.0, 0.0], [0.0, 0.0]]))
    assert "to a line" in flat
    assert "areas" not in flat
    assert "a circle of radius 2," in plane_html(products([[0.0, -2.0], [2.0, 0.0]]))
    assert "turning it over" in plane_html(products([[0.0, 1.0], [1.0, 0.0]]))
    assert plane_html(products(J)) == ""


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"difference": 0.0}, "ok", "The same to the last digit"),
        ({"difference": 3e-7}, "ok", "but for rounding"),
        ({"difference": 0.5}, "error", "A rule of one of the modes may be wrong"),
        ({"difference": 0.5, "rounding": 0.0}, "error", "∞ times"),
        ({"difference": float("nan")}, "unknown", "not finite"),
        ({"difference": None, "pushed": None}, "unknown", "forward mode can't pass f"),
    ],
)
def test_agreement(changes: dict[str, Any], kind: str, words: str) -> None:
    found, sentence = agreement(products(J, **changes))
    assert found == kind
    assert words in sentence
    assert ('role="alert"' in inner_html(products(J, **changes))) == (kind == "error")


def test_a_function_that_jit_refuses_is_said_to_go_by_its_linear_part() -> None:
    assert "linear_part" not in words_html(products(J))
    assert "linear_part returns that, jitted" in words_html(products(J, through_linear_part=True))


def test_words_follow_the_choice() -> None:
    ones = {"kind": "ones"}
    value = products(J, {**OPTIONS, "tangent": ones, "cotangent": ones})
    assert "the sum of all 3 columns of J" in pushed_words(value)
    assert "the gradient of Σ f(x), which vgrad returns" in pulled_words(value)
    assert "the gradient of f with respect to all 3 inputs" in pulled_words(products(J[:1]))
    free = {"kind": "values", "values": [1.0, 2.0, 3.0]}
    assert "when x moves along v" in pushed_words(products(J, {**OPTIONS, "tangent": free}))


def test_many_numbers_are_told_by_their_largest() -> None:
    assert "the largest of 40 numbers" in values_html(products(np.ones((2, 40))))
    assert "Inputs, 3 numbers" in values_html(products(J))


def test_sizes_zero_and_one_and_what_is_not_finite() -> None:
    board = product_board(products(np.ones((3, 1)), {**OPTIONS, "cotangent": {"kind": "ones"}}))
    assert board["cards"]["tangent"]["values"] == [1]
    odd = product_board(products(np.full((3, 1), np.nan)))
    assert odd["cards"]["pushed"]["note"] == "3 of 3 not finite"
    none = products(np.ones((3, 0)), {**OPTIONS, "tangent": {"kind": "ones"}})
    assert product_board(none)["cards"]["tangent"]["note"] == "No numbers"
    assert values_html(none)
    assert pushed_words(none)
