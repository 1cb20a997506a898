"""Pattern, colors and singular values, against dense JAX and NumPy."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._structure import look_at_structure
from tests.helpers import require_asdex

pytestmark = pytest.mark.usefixtures("quickly_compiled")


def at(name: str, **knobs: Any) -> tuple[dict[str, Any], np.ndarray]:
    """The structure of a problem, and its Jacobian by JAX."""
    p = jsc.problem(name, **knobs)
    J = jax.jacfwd(p.f)(p.x)
    y = jax.eval_shape(p.f, p.x)
    return look_at_structure(p.f, p.x), np.asarray(jsc.as_matrix(J, y, p.x))


@pytest.mark.parametrize(
    ("name", "knobs", "passes"),
    [
        ("squared_differences", {"unknowns": 12}, 2),
        ("broyden_tridiagonal", {"unknowns": 12}, 3),
        ("arrow", {"unknowns": 10}, 3),
        ("linear_map", {"rows": 6, "columns": 4}, 4),
    ],
)
def test_each_entry_can_be_read_from_its_pass(name: str, knobs: Any, passes: int) -> None:
    require_asdex()
    found, J = at(name, **knobs)
    colored = found["colored"]
    assert colored["passes"] == colored["by_column"] + colored["by_row"] == passes
    assert colored["known"] == "proven"
    assert ((colored["groups"] > 0) | (J == 0)).all()
    sides = {each["side"]: each["values"] for each in colored["compressed"]}
    for i, j in zip(*np.nonzero(colored["groups"]), strict=True):
        number = colored["groups"][i, j] - 1
        if number < colored["by_column"]:
            read = sides["columns"][i, number]
        else:
            read = sides["rows"][number - colored["by_column"], j]
        assert read == pytest.approx(J[i, j], rel=1e-5, abs=1e-6)


def test_compressed_columns_are_sums_of_columns() -> None:
    require_asdex()
    found, J = at("broyden_tridiagonal", unknowns=9)
    (compressed,) = found["colored"]["compressed"]
    assert compressed["shape"] == [9, 3]
    np.testing.assert_allclose(compressed["values"].sum(axis=1), J.sum(axis=1), rtol=1e-5)


def test_singular_values_are_numpys_and_rank_is_numerical() -> None:
    matrix = np.diag([3.0, 2.0, 1.0, 0.0]).astype(np.float32)
    found = look_at_structure(lambda x: jnp.asarray(matrix) @ x, jnp.ones(4))
    assert found["singular"]["values"] == pytest.approx([3.0, 2.0, 1.0, 0.0])
    assert found["singular"]["rank"] == 3 == np.linalg.matrix_rank(matrix)
    assert 0 < found["singular"]["zero"] < 1e-5


def test_a_hessian_has_the_structure_of_a_hessian() -> None:
    require_asdex()
    p = jsc.problem("chained_rosenbrock", unknowns=10)
    found = look_at_structure(p.f, p.x, quantity="hessian")
    H = np.asarray(jax.hessian(p.f)(p.x))
    assert found["symmetric"]
    assert found["colored"]["passes"] == 3
    assert ((found["colored"]["groups"] > 0) == (H != 0)).all()
    expected = np.linalg.svd(H.astype(np.float64), compute_uv=False)
    np.testing.assert_allclose(found["singular"]["values"], expected, rtol=1e-4)


def test_the_mode_that_can_pass_is_taken() -> None:
    require_asdex()
    p = jsc.problem("custom_vjp", orbits=6)
    colored = look_at_structure(p.f, p.x)["colored"]
    assert [each["side"] for each in colored["compressed"]] == ["rows"]
    assert colored["passes"] == 1


def test_large_ones_are_drawn_in_blocks_and_left_undecomposed() -> None:
    require_asdex()
    found = look_at_structure(jnp.sin, jnp.ones(1500))
    assert found["colored"]["groups"].shape == (500, 500)
    assert len(found["row_labels"]) == 500
    assert (np.diag(found["colored"]["groups"]) == 1).all()
    assert found["singular"] is None
    assert "1,500 × 1,500" in found["why_not_singular"]


def test_what_is_not_finite_is_said() -> None:
    found = look_at_structure(jnp.log, jnp.zeros(3))
    assert "not finite" in found["why_not_singular"]


def test_without_asdex_the_singular_values_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError("Coloring needs asdex, which is not installed")

    monkeypatch.setattr("jacoscope._sparsity.import_asdex", missing)
    found = look_at_structure(lambda x: 2 * x, jnp.ones(3))
    assert found["colored"] is None
    assert "needs asdex" in found["why_not_colored"]
    assert found["singular"]["rank"] == 3
