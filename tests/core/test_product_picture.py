"""What a products job brings, against jax.jvp, jax.vjp, jax.hessian and NumPy."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import jacoscope as jsc
from jacoscope._product_picture import draw_products
from jacoscope._products_at import ProductsAt
from jacoscope.run import InlineRunner, Job, direct_target, function_target, problem_target
from jacoscope.run import _kept as kept
from jacoscope.run._wire import pack, unpack
from tests.helpers import (
    branching,
    nested_function,
    nested_point,
    nested_scalar,
    only_reverse,
    while_loop,
)

WEIGHTS = jnp.asarray(np.random.default_rng(2).standard_normal((4, 3)), jnp.float32)


def wide(x: Any) -> Any:
    return jnp.tanh(WEIGHTS @ x) * jnp.sum(x)


def flat(tree: Any) -> np.ndarray:
    return np.asarray(ravel_pytree(tree)[0], np.float64)


def random(seed: int) -> dict[str, Any]:
    return {"kind": "random", "seed": seed}


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (wide, jnp.asarray([0.3, -0.2, 0.5])),
        (nested_function, nested_point()),
        (branching, jnp.asarray([0.5, 0.2])),
        (lambda x: x["a"][:, None] * x["b"], {"a": jnp.ones(3), "b": jnp.arange(2.0)}),
        (lambda x: x**2, jnp.arange(4.0, dtype=jnp.bfloat16)),
    ],
)
def test_products_are_jaxs(f: Any, x: Any) -> None:
    shown = draw_products(ProductsAt(f, x), tangent=random(1), cotangent=random(2))
    like_x, like_y = ravel_pytree(x)[1], ravel_pytree(f(x))[1]
    dtype = ravel_pytree(x)[0].dtype
    v = like_x(jnp.asarray(shown["tangent"]["values"], dtype))
    u = like_y(jnp.asarray(shown["cotangent"]["values"], ravel_pytree(f(x))[0].dtype))
    y, pushed = jax.jvp(f, (x,), (v,))
    (pulled,) = jax.vjp(f, x)[1](u)
    for name, expected in (("x", x), ("y", y), ("pushed", pushed), ("pulled", pulled)):
        np.testing.assert_allclose(shown[name]["values"], flat(expected), rtol=2e-2
                                   if dtype == jnp.bfloat16 else 1e-5, atol=1e-6)  # fmt: skip
    assert shown["inner_forward"] == pytest.approx(flat(u) @ flat(pushed), rel=2e-2, abs=1e-5)
    assert shown["inner_reverse"] == pytest.approx(flat(pulled) @ flat(v), rel=2e-2, abs=1e-5)
    assert shown["difference"] <= 100 * shown["rounding"]
    assert (shown["n_in"], shown["n_out"]) == (flat(x).size, flat(y).size)
    assert shown["forward_message"] == shown["reverse_message"] == ""


def test_basis_vectors_give_columns_and_rows() -> None:
    x = jnp.asarray([0.3, -0.2, 0.5])
    J = np.asarray(jax.jacfwd(wide)(x))
    at = ProductsAt(wide, x)
    for i in range(4):
        for j in range(3):
            shown = draw_products(
                at,
                tangent={"kind": "basis", "index": j},
                cotangent={"kind": "basis", "index": i},
            )
            np.testing.assert_allclose(shown["pushed"]["values"], J[:, j], rtol=1e-5)
            np.testing.assert_allclose(shown["pulled"]["values"], J[i], rtol=1e-5)
            assert shown["inner_forward"] == pytest.approx(J[i, j], rel=1e-5)
            assert shown["x_names"] == ["x[0]", "x[1]", "x[2]"]


@pytest.mark.usefixtures("x64")
def test_float64_is_kept() -> None:
    x = jnp.linspace(0.1, 1, 5)
    shown = draw_products(ProductsAt(jnp.exp, x), tangent=random(0))
    expected = np.exp(np.asarray(x)) * np.random.default_rng(0).standard_normal(5)
    assert shown["dtype"] == "float64"
    np.testing.assert_allclose(shown["pushed"]["values"], expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("f", "there", "missing", "message"),
    [
        (while_loop, "pushed", "pulled", "Reverse mode can't pass a loop"),
        (only_reverse, "pulled", "pushed", "Forward mode can't pass a function with a custom_vjp"),
    ],
)
def test_a_mode_that_can_not_pass_says_so_and_the_other_is_there(
    f: Any, there: str, missing: str, message: str
) -> None:
    x = jnp.asarray([0.4, 0.5])
    shown = draw_products(ProductsAt(f, x))
    assert shown[missing] is None
    assert shown[there] is not None
    assert message in shown["forward_message"] + shown["reverse_message"]
    assert shown["difference"] is None
    # the ellipse comes from the mode that passes
    J = jax.jacfwd(f)(x) if there == "pushed" else jax.jacrev(f)(x)
    np.testing.assert_allclose(shown["plane"]["matrix"], J, rtol=1e-5)


def test_what_jit_refuses_goes_by_its_jitted_linear_part() -> None:
    calls: list[float] = []

    def branching(x: Any) -> Any:
        calls.append(float(jax.lax.stop_gradient(x)[0]))  # jit refuses
        return jnp.pi * x[:2] if x[0] > 3 else 2 * x[:2] ** 3

    at = ProductsAt(branching, jnp.asarray([4.0, 1.0, 2.0]))
    ones = {"kind": "ones"}
    shown = draw_products(at, tangent=ones, cotangent=ones)
    assert shown["through_linear_part"]
    np.testing.assert_allclose(shown["pushed"]["values"], [np.pi, np.pi], rtol=1e-6)
    np.testing.assert_allclose(shown["pulled"]["values"], [np.pi, np.pi, 0], rtol=1e-6)
    runs = len(calls)
    again = draw_products(at, tangent=random(0), cotangent=random(1))
    assert len(calls) == runs  # f itself is not run for other vectors
    assert again["difference"] <= 100 * again["rounding"]
    assert not draw_products(ProductsAt(jnp.exp, jnp.ones(2)))["through_linear_part"]


@pytest.mark.parametrize("name", ["polar", "shear", "Hénon"])
def test_the_ellipse_of_a_map_of_the_plane(name: str) -> None:
    p = jsc.problem("plane_map", map=name)
    plane = draw_products(ProductsAt(p.f, p.x), radius=0.25)["plane"]
    J = np.asarray(jax.jacfwd(p.f)(p.x), np.float64)
    np.testing.assert_allclose(plane["matrix"], J, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        plane["singular"], np.linalg.svd(J, compute_uv=False), rtol=1e-5, atol=1e-6
    )
    for s, right, left in zip(plane["singular"], plane["right"], plane["left"], strict=True):
        np.testing.assert_allclose(J @ right, s * left, atol=1e-5)
        assert right[0] > -1e-5
    np.testing.assert_allclose(plane["ellipse"], plane["circle"] @ J.T, atol=1e-5)
    around = jax.vmap(p.f)(p.x + 0.25 * jnp.asarray(plane["circle"], jnp.float32))
    np.testing.assert_allclose(plane["curve"], (around - p.f(p.x)) / 0.25, atol=1e-4)


def test_a_plane_made_of_two_leaves() -> None:
    def f(x: Any) -> Any:
        return {"s": x["a"] * x["b"], "t": x["a"] - x["b"]}

    plane = draw_products(ProductsAt(f, {"a": 2.0, "b": 3.0}))["plane"]
    np.testing.assert_allclose(plane["matrix"], [[3, 2], [1, -1]])


def test_a_map_that_is_not_finite_has_no_ellipse() -> None:
    shown = draw_products(ProductsAt(jnp.log, jnp.zeros(2)))
    assert shown["plane"] is None
    assert shown["pushed"]["odd"] == 2  # ∞ and 0·∞


def test_other_shapes_have_no_plane() -> None:
    assert draw_products(ProductsAt(wide, jnp.ones(3)))["plane"] is None


@pytest.mark.parametrize("shape", [(0,), (1,)])
def test_sizes_zero_and_one(shape: tuple[int, ...]) -> None:
    shown = draw_products(ProductsAt(lambda x: x**2, jnp.ones(shape)))
    assert shown["pushed"]["values"].shape == shape
    assert shown["inner_forward"] == shown["inner_reverse"] == 2.0 * shape[0]
    unpack(pack(shown))


def test_long_vectors_are_reduced_to_their_largest() -> None:
    x = jnp.zeros(1_500).at[700].set(-3.0).at[3].set(2.0)
    shown = draw_products(ProductsAt(lambda x: x**2, x), tangent={"kind": "ones"})
    pushed = shown["pushed"]
    assert pushed["step"] == 3
    assert pushed["values"].shape == (500,)
    assert pushed["values"][700 // 3] == -6.0
    assert pushed["largest"][:2] == [["y[700]", -6.0], ["y[3]", 4.0]]
    assert pushed["nonzero"] == 2
    assert pushed["norm"] == pytest.approx(np.hypot(6, 4))
    assert len(shown["x_names"]) == 500


@pytest.mark.parametrize(
    ("f", "x"),
    [
        pytest.param(nested_scalar, nested_point(), marks=pytest.mark.slow),
        (lambda x: jnp.sum(jnp.tanh(x) ** 2), jnp.linspace(-1, 1, 6).reshape(2, 3)),
        (lambda x: x**3, jnp.asarray(2.0)),
    ],
)
def test_orders_are_the_hessian_times_v(f: Any, x: Any) -> None:
    shown = draw_products(ProductsAt(f, x), part="orders", tangent=random(5))
    row, like_x = ravel_pytree(x)
    H = np.asarray(jax.hessian(lambda row: f(like_x(row)))(row), np.float64)
    expected = H @ shown["tangent"]["values"]
    np.testing.assert_allclose(shown["product"]["values"], expected, rtol=1e-4, atol=1e-5)
    assert [each["order"] for each in shown["orders"]] == [
        "forward_over_reverse", "reverse_over_forward", "reverse_over_reverse", "full_hessian",
        "linearize",
    ]  # fmt: skip
    assert all(each["difference"] < 1e-5 for each in shown["orders"])
    assert max(each["difference"] for each in shown["orders"]) <= shown["largest_difference"] < 1e-5


def test_orders_that_can_not_be_had_say_why() -> None:
    shown = draw_products(ProductsAt(lambda x: jnp.sum(while_loop(x)), jnp.ones(3)), part="orders")
    by_name = {each["order"]: each for each in shown["orders"]}
    assert "Reverse mode can't pass a loop" in by_name["forward_over_reverse"]["message"]
    assert by_name["forward_over_reverse"]["difference"] is None
    large = draw_products(ProductsAt(lambda x: jnp.sum(x**2), jnp.ones(3_000)), part="orders")
    assert "3,000² numbers" in large["orders"][3]["message"]
    assert large["orders"][4]["message"] == ""


def test_only_a_number_has_orders() -> None:
    at = ProductsAt(wide, jnp.ones(3))
    assert not draw_products(at)["scalar"]
    shown = draw_products(at, part="orders")
    assert shown["product"] is None
    assert "A Hessian needs `f` to return one number" in shown["orders"][0]["message"]
    assert draw_products(ProductsAt(jnp.sum, jnp.ones(3)))["scalar"]


def test_unknown_part() -> None:
    with pytest.raises(ValueError, match="`part` must be vectors or orders"):
        draw_products(ProductsAt(jnp.sin, 1.0), part="rows")


def job(target: Any, **options: Any) -> Job:
    return Job("products", target, options)


def test_a_job_compiles_a_function_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_last", None)
    traced: list[int] = []

    def f(x: Any) -> Any:
        traced.append(1)
        return jnp.sin(x)

    target = direct_target(f, jnp.ones(3))
    runner = InlineRunner()
    first = runner.submit(job(target)).result()
    assert first.status == "ok", first.message
    count = len(traced)
    again = runner.submit(job(target, tangent=random(1), cotangent=random(2))).result()
    assert again.value["pushed"]["norm"] != first.value["pushed"]["norm"]
    assert len(traced) == count
    runner.submit(job(direct_target(f, jnp.ones(4)))).result()
    assert len(traced) > count


def test_what_is_kept_is_never_taken_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_last", None)
    runner = InlineRunner()
    norms = []
    for target in (
        problem_target("plane_map", {"map": "shear"}),
        problem_target("plane_map", {"map": "polar"}),
        problem_target("plane_map", {"map": "shear"}),
        problem_target("plane_map", {"map": "shear", "dtype": "float64"}),
        function_target(lambda x: 3 * x, jnp.ones(2)),
        function_target(lambda x: 4 * x, jnp.ones(2)),
    ):
        shown = runner.submit(job(target, tangent={"kind": "ones"})).result()
        assert shown.status == "ok", shown.message
        norms.append((shown.value["dtype"], round(shown.value["pushed"]["norm"], 3)))
    assert norms[0] == norms[2] == ("float32", round(float(np.hypot(2.5, 1)), 3))
    assert norms[1] != norms[0]
    assert norms[3] == ("float64", norms[0][1])
    assert [norm for _, norm in norms[4:]] == [4.243, 5.657]


def test_a_failure_is_the_jobs_outcome() -> None:
    runner = InlineRunner()
    outcome = runner.submit(job(direct_target(lambda x: x > 0, jnp.ones(2)))).result()
    assert outcome.status == "failed"
    assert "must be floating point" in outcome.message
