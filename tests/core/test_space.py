"""Pytrees laid in a row, and vectors chosen in plain data."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from jacoscope._direction import BASIS, direction
from jacoscope._space import Space
from tests.helpers import nested_point

POINTS: list[Any] = [
    jnp.arange(12.0).reshape(3, 4),
    jnp.asarray(2.0),
    jnp.zeros((0, 3)),
    {"a": jnp.asarray(1.0), "b": jnp.asarray([2.0, 3.0])},
    nested_point(),
    jnp.arange(4, dtype=jnp.bfloat16),
]


@pytest.mark.parametrize("point", POINTS)
def test_row_and_back(point: Any) -> None:
    space = Space(point, "x")
    row = space.row(point)
    expected, _ = ravel_pytree(point)
    assert row.shape == (space.size,) == expected.shape
    np.testing.assert_array_equal(row, np.asarray(expected, np.float64))
    back = space.tree(row)
    assert jax.tree.structure(back) == jax.tree.structure(point)
    for ours, theirs in zip(jax.tree.leaves(back), jax.tree.leaves(point), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_stacked_rows() -> None:
    point = {"a": jnp.asarray(1.0), "b": jnp.arange(6.0).reshape(2, 3)}
    space = Space(point, "x")
    rows = np.arange(35.0).reshape(5, 7)
    tree = space.tree(rows)
    assert tree["a"].shape == (5,)
    assert tree["b"].shape == (5, 2, 3)
    np.testing.assert_array_equal(space.row(tree), rows)


def test_names_and_rounding() -> None:
    space = Space({"a": jnp.asarray(1.0), "b": jnp.zeros((2, 3), jnp.bfloat16)}, "x")
    assert [space.name(i) for i in (0, 1, 6)] == ["x['a']", "x['b'][0, 0]", "x['b'][1, 2]"]
    assert space.eps == float(jnp.finfo(jnp.bfloat16).eps)


def test_directions() -> None:
    space = Space(jnp.zeros((2, 3)), "x")
    for i in range(6):
        chosen = direction({"kind": "basis", "index": i}, space)
        np.testing.assert_array_equal(chosen.row, np.eye(6)[i])
    np.testing.assert_array_equal(direction({"kind": "ones"}, space).row, np.ones(6))
    values = [1.0, 0.0, -2.5, 3.0, 0.0, 1e-3]
    np.testing.assert_array_equal(
        direction({"kind": "values", "values": values}, space).row, values
    )
    one, same, other = (direction({"kind": "random", "seed": s}, space).row for s in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("choice", "note"),
    [
        ({"kind": "basis", "index": 6}, "There is no basis vector 6 among 6 numbers"),
        ({"kind": "values", "values": [1.0]}, "1 number does not make a vector among 6 numbers"),
        ({"kind": "values", "values": [1.0] * 7}, "7 numbers do not make a vector"),
    ],
)
def test_what_does_not_fit_is_replaced_and_says_so(choice: dict[str, Any], note: str) -> None:
    chosen = direction(choice, Space(jnp.zeros(6), "x"))
    assert note in chosen.note
    assert chosen.choice == BASIS
    np.testing.assert_array_equal(chosen.row, np.eye(6)[0])


def test_no_numbers_have_one_vector() -> None:
    assert direction(BASIS, Space(jnp.zeros(0), "x")).row.shape == (0,)


def test_unknown_kind() -> None:
    with pytest.raises(ValueError, match="must be one of basis, ones, random, values"):
        direction({"kind": "sideways"}, Space(jnp.zeros(2), "x"))
