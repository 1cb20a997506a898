"""Patterns as users give them, and what is caught of the wrong ones."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.sparse import BCOO

import jacoscope as jsc
from jacoscope._pattern import given_pattern, make_pattern, read_entries, symmetric, transposed
from tests.helpers import relative_error, require_asdex

require_asdex()


def wide(x: Any) -> Any:
    return jnp.stack([x[0] * x[1], jnp.sin(x[2]), x[3] ** 2 * x[0]])


DENSE = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]], bool)
X = jnp.asarray([0.5, -1.0, 2.0, 3.0])


class CooLike:
    """What SciPy's sparse matrices offer."""

    def __init__(self, dense: np.ndarray) -> None:
        self.row, self.col = np.nonzero(dense)
        self.shape = dense.shape

    def tocoo(self) -> CooLike:
        return self


@pytest.mark.parametrize(
    "sparsity",
    [
        DENSE,
        jnp.asarray(DENSE),
        CooLike(DENSE),
        BCOO.fromdense(jnp.asarray(DENSE), nse=7),
        np.nonzero(DENSE),
    ],
)
@pytest.mark.parametrize("output", ["dense", "bcoo"])
def test_every_form_is_read(sparsity: Any, output: Any) -> None:
    ours = jsc.jacobian(wide, X, sparsity=sparsity, output=output)
    if output == "bcoo":
        assert ours.nse == DENSE.sum()
        ours = ours.todense()
    assert relative_error(ours, jax.jacfwd(wide)(X)) < 1e-6


def test_scipys_matrices() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for kind in (sparse.csr_matrix, sparse.coo_array, sparse.csc_array):
        pattern = given_pattern(kind(DENSE), (3, 4))
        np.testing.assert_array_equal(np.nonzero(DENSE), (pattern.rows, pattern.cols))


def test_entries_are_sorted_and_single() -> None:
    pattern = make_pattern([2, 0, 2, 1], [0, 3, 0, 1], (3, 4), "given")
    assert pattern.rows.tolist() == [0, 1, 2]
    assert pattern.cols.tolist() == [3, 1, 0]
    assert transposed(pattern).rows.tolist() == [0, 1, 3]
    square = symmetric(make_pattern([0, 1], [2, 1], (3, 3), "given"))
    assert list(zip(square.rows, square.cols, strict=True)) == [(0, 2), (1, 1), (2, 0)]


@pytest.mark.parametrize("mode", ["forward", "reverse", "linearize", "mixed"])
@pytest.mark.parametrize("missing", range(DENSE.sum()))
def test_any_missing_entry_is_caught(mode: Any, missing: int) -> None:
    rows, cols = (np.delete(each, missing) for each in np.nonzero(DENSE))
    with pytest.raises(ValueError, match=r"`sparsity` must have every entry .* but (out|in)put \d"):
        jsc.jacobian(wide, X, mode, sparsity=(rows, cols))


def test_a_missing_entry_among_large_ones_is_caught() -> None:
    def f(x: Any) -> Any:
        return jnp.concatenate([1e3 * x[:50] * x[50:], x[:50] + 1e-3 * x[7]])

    full = np.asarray(jax.jacfwd(f)(jnp.ones(100))) != 0
    np.testing.assert_allclose(
        jsc.jacobian(f, jnp.ones(100), sparsity=full), jax.jacfwd(f)(jnp.ones(100)), rtol=1e-6
    )
    full[50:, 7] = False
    with pytest.raises(ValueError, match="`sparsity` must have every entry"):
        jsc.jacobian(f, jnp.ones(100), sparsity=full)


def test_a_pattern_with_too_much_in_it_is_right() -> None:
    ours = jsc.jacobian(wide, X, sparsity=np.ones((3, 4)))
    assert relative_error(ours, jax.jacfwd(wide)(X)) < 1e-6


@pytest.mark.parametrize(
    ("sparsity", "sentence"),
    [
        (np.ones(3), r"`sparsity` must be a matrix, but got shape \(3,\)"),
        (np.ones((4, 3)), r"`sparsity` must have shape \(3, 4\), but got \(4, 3\)"),
        (([0, 1], [0]), r"two integer arrays \(rows, columns\) of one length"),
        (([0.0], [1.0]), r"two integer arrays .* but got float64\[1\]"),
        (([0, 3], [0, 1]), "`sparsity` must have row indices between 0 and 2, but got 0 to 3"),
        (([0, 1], [0, -1]), "`sparsity` must have column indices between 0 and 3, but got -1 to 0"),
        (BCOO.fromdense(jnp.ones((2, 2)), n_batch=1), "with 1 batch and 0 dense axes"),
    ],
)
def test_what_is_no_pattern(sparsity: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        given_pattern(sparsity, (3, 4))


def test_what_is_of_no_kind() -> None:
    with pytest.raises(TypeError, match=r"`sparsity` must be a matrix.*but got str"):
        read_entries("tridiagonal")
