"""One matrix from a pytree Jacobian: values, order and names."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import jacoscope as jsc
from tests.helpers import nested_function, nested_point


@pytest.mark.usefixtures("x64")
def test_values_are_those_of_the_flattened_function() -> None:
    x = nested_point(jnp.float64)
    y = nested_function(x)
    matrix = jsc.as_matrix(jsc.jacobian(nested_function, x), y, x)
    flat, unravel = ravel_pytree(x)
    expected = jax.jacfwd(lambda flat: ravel_pytree(nested_function(unravel(flat)))[0])(flat)
    np.testing.assert_allclose(np.asarray(matrix), expected, rtol=1e-12, atol=1e-14)


def test_names() -> None:
    x = nested_point()
    y = jax.eval_shape(nested_function, x)
    matrix = jsc.as_matrix(jax.jacrev(nested_function)(x), y, x)
    assert matrix.rows == ["y['a'][0]", "y['a'][1]", "y['a'][2]", "y['b'][0]"]
    assert matrix.columns[:2] == ["x['list'][0][0, 0]", "x['list'][0][0, 1]"]
    assert matrix.columns[6:8] == ["x['list'][1]", "x['tuple'][0][0]"]
    assert [tuple(block) for block in matrix.column_blocks] == [
        ("x['list'][0]", 0, 6),
        ("x['list'][1]", 6, 7),
        ("x['tuple'][0]", 7, 11),
    ]
    with pytest.raises(IndexError, match="There is no row or column 11"):
        matrix.column_label(11)


def test_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"A block of `J` must have shape \(3, 2\), but got"):
        jsc.as_matrix(jnp.ones((2, 3)), jnp.ones(3), jnp.ones(2))
    with pytest.raises(ValueError, match="`J` must have a pytree like `x` for each leaf of `y`"):
        jsc.as_matrix((jnp.ones(2),), {"a": jnp.ones(2)}, jnp.ones(()))
