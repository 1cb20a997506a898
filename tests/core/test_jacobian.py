"""Every builder against JAX's own, over modes, batchings, chunk sizes and pytrees.

That they agree on the whole gallery is in `test_gallery.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from tests.helpers import nested_function, nested_point, only_reverse, relative_error, while_loop

pytestmark = pytest.mark.usefixtures("quickly_compiled")

MODES = ["forward", "linearize", "reverse"]
BATCHINGS = ["loop", "map", "vmap", "chunked"]
SMALL = {
    "logistic_regression": {"batch": 5},
    "logistic_loss": {"wrt": "(W, b)"},
    "square_mlp": {"width": 6, "depth": 2},
    "tall_curve": {"points": 7, "terms": 2},
    "wide_loss": {"parameters": 7, "losses": 2},
    "tanh_sum": {"rows": 3, "columns": 4},
    "python_control_flow": {},
}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SMALL)
def test_builders_equal_jax(name: str, mode: Any) -> None:
    problem = jsc.problem(name, dtype="float64", **SMALL[name])
    expected = jax.jacfwd(problem.f)(problem.x)
    n_in = sum(leaf.size for leaf in jax.tree.leaves(problem.x))
    n_out = sum(leaf.size for leaf in jax.tree.leaves(problem.f(problem.x)))
    passes = n_out if mode == "reverse" else n_in
    ways: list[tuple[Any, int | None]] = [(batching, None) for batching in BATCHINGS[:3]]
    ways += [("chunked", size) for size in {1, 3, passes - 1, passes, passes + 5} if size > 0]
    for batching, chunk_size in ways:
        if name == "python_control_flow" and (mode, batching) == ("forward", "map"):
            continue  # a map traces the function, which branches on a value
        ours = jsc.jacobian(problem.f, problem.x, mode, batching, chunk_size)
        assert relative_error(ours, expected) < 1e-10, (batching, chunk_size)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", ["tall_curve", "square_mlp", "wide_loss"])
@pytest.mark.parametrize("mode", MODES)
def test_builders_equal_jax_at_default_sizes(name: str, mode: Any) -> None:
    problem = jsc.problem(name, dtype="float64")
    expected = jax.jacrev(problem.f)(problem.x)
    for batching, chunk_size in [("map", None), ("vmap", None), ("chunked", 7)]:
        ours = jsc.jacobian(problem.f, problem.x, mode, batching, chunk_size)
        assert relative_error(ours, expected) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", [n for n in SMALL if n != "square_mlp"])
def test_closed_forms(name: str) -> None:
    problem = jsc.problem(name, dtype="float64", **SMALL[name])
    assert problem.jacobian is not None
    ours = jsc.jacobian(problem.f, problem.x)
    assert relative_error(ours, problem.jacobian(problem.x)) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", ["logistic_regression", "square_mlp"])
def test_against_finite_differences(name: str) -> None:
    problem = jsc.problem(name, dtype="float64", **SMALL[name])
    step, x = 1e-6, np.asarray(problem.x)
    columns = [
        (problem.f(x + step * e) - problem.f(x - step * e)) / (2 * step) for e in np.eye(x.size)
    ]
    ours = np.asarray(jsc.jacobian(problem.f, problem.x))
    np.testing.assert_allclose(ours, np.stack(columns, 1), rtol=1e-7, atol=1e-9)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("batching", "chunk_size"), [("loop", None), ("map", None), ("vmap", None), ("chunked", 4)]
)
def test_pytrees_in_and_out(mode: Any, batching: Any, chunk_size: int | None) -> None:
    x = nested_point(jnp.float64)
    ours = jsc.jacobian(nested_function, x, mode, batching, chunk_size)
    assert relative_error(ours, jax.jacfwd(nested_function)(x)) < 1e-10


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtypes_are_jaxs(mode: Any, dtype: str) -> None:
    x = jnp.arange(1, 4).astype(dtype)
    theirs = (jax.jacrev if mode == "reverse" else jax.jacfwd)(jnp.sin)(x)
    ours = jsc.jacobian(jnp.sin, x, mode, "chunked", 2)
    assert relative_error(ours, theirs) == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("batching", BATCHINGS)
@pytest.mark.parametrize(("n_in", "n_out"), [(0, 3), (3, 0), (1, 1)])
def test_sizes_zero_and_one(mode: Any, batching: Any, n_in: int, n_out: int) -> None:
    matrix = jnp.ones((n_out, n_in))
    chunk_size = 2 if batching == "chunked" else None
    ours = jsc.jacobian(lambda x: matrix @ x, jnp.ones(n_in), mode, batching, chunk_size)
    assert ours.shape == (n_out, n_in)
    np.testing.assert_array_equal(ours, matrix)


@pytest.mark.parametrize("mode", MODES)
def test_a_remainder_costs_no_second_trace(mode: Any) -> None:
    def traces(chunk_size: int) -> int:
        count = Counter()

        def f(x: Any) -> Any:
            count["f"] += 1
            return jnp.sin(x)

        jax.jit(lambda x: jsc.jacobian(f, x, mode, "chunked", chunk_size))(jnp.ones(12))
        return count["f"]

    assert traces(5) == traces(4)


@pytest.mark.parametrize("mode", MODES)
def test_chunks_store_no_identity(mode: Any) -> None:
    n = 512
    program = jax.jit(lambda x: jsc.jacobian(jnp.sin, x, mode, "chunked", 8))
    stats = program.lower(jnp.ones(n)).compile().memory_analysis()
    assert stats is not None
    assert stats.temp_size_in_bytes < n * n  # a quarter of one float32 identity


@pytest.mark.parametrize("examples", [None, 2])
@pytest.mark.parametrize("mode", MODES)
def test_chunks_make_no_transposed_copy(mode: Any, examples: int | None) -> None:
    n = 2048  # 16.8 MB; forward/map takes a transposed copy of it

    def build(x: Any) -> Any:
        return jsc.jacobian(lambda x: jnp.sin(x) * x, x, mode, "chunked", 64)

    function, shape = (build, (n,)) if examples is None else (jax.vmap(build), (examples, n))
    stats = jax.jit(function).lower(jnp.ones(shape)).compile().memory_analysis()
    assert stats is not None
    assert stats.output_size_in_bytes == 4 * n * n * (examples or 1)
    assert stats.temp_size_in_bytes < 2e6


@pytest.mark.parametrize("batching", ["map", "chunked"])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_large_leaves_are_not_cut_out_of_a_copy(mode: Any, batching: Any) -> None:
    weights, inputs = jnp.ones((30, 20)), jnp.ones((100, 20))
    bias = jnp.linspace(0.0, 1.0, 30)

    def by_parameters(p: dict[str, Any]) -> Any:
        return jnp.tanh(inputs @ p["weights"].T + p["bias"]).reshape(-1)

    def in_parts(v: Any) -> dict[str, Any]:
        y = jnp.sin(v)
        return {"first": y[0], "others": jnp.outer(jnp.sin(v[:20]), y).reshape(-1)}

    f, x = {
        "forward": (by_parameters, {"weights": weights, "bias": bias}),
        "reverse": (in_parts, bias),
    }[mode]
    chunk: dict[str, Any] = {"chunk_size": 4} if batching == "chunked" else {}
    build = jax.jit(lambda x: jsc.jacobian(f, x, mode=mode, batching=batching, **chunk))
    memory = build.lower(x).compile().memory_analysis()
    assert memory is not None
    if batching == "chunked":  # a map stacks along the first axis, and forward mode turns that
        assert memory.temp_size_in_bytes < 0.5 * memory.output_size_in_bytes
    expected, found = jax.tree.map(np.asarray, (jax.jacfwd(f)(x), build(x)))
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), found, expected
    )


def test_traces_under_jit_and_vmap() -> None:
    points = jnp.arange(6.0).reshape(2, 3)
    each = jax.jit(jax.vmap(lambda x: jsc.jacobian(jnp.sin, x, batching="chunked", chunk_size=2)))
    np.testing.assert_allclose(each(points), jax.vmap(jax.jacfwd(jnp.sin))(points))


def test_argnums_and_aux() -> None:
    def f(a: Any, b: Any) -> Any:
        return a * jnp.sum(b)

    a, b = jnp.arange(3.0), jnp.arange(2.0) + 1
    for argnums in (0, 1, -1, (0, 1)):
        ours = jsc.jacobian(f, (a, b), argnums=argnums)
        assert relative_error(ours, jax.jacfwd(f, argnums)(a, b)) == 0
    ours, aux = jsc.jacobian(lambda x: (x**2, {"x": x}), a, has_aux=True)
    np.testing.assert_allclose(ours, jnp.diag(2 * a))
    np.testing.assert_array_equal(aux["x"], a)


def test_auto_takes_fewer_passes() -> None:
    # forward mode can't pass only_reverse, reverse mode can't pass while_loop
    wide = jsc.jacobian(lambda x: jnp.sum(only_reverse(x)), jnp.ones(3))
    np.testing.assert_allclose(wide, jnp.cos(jnp.ones(3)), rtol=1e-6)
    square = jsc.jacobian(while_loop, jnp.ones(3))
    assert relative_error(square, jax.jacfwd(while_loop)(jnp.ones(3))) == 0


def test_device_by_name() -> None:
    ours = jsc.jacobian(jnp.sin, jnp.ones(2), device="cpu:0")
    assert ours.devices() == {jax.devices("cpu")[0]}
    with pytest.raises(ValueError, match=r"`device` must be one of cpu:0, but got 'tpu:9'"):
        jsc.jacobian(jnp.sin, jnp.ones(2), device="tpu:9")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"mode": "sideways"}, "`mode` must be one of auto, forward, reverse, linearize, but got"),
        (
            {"batching": "heaps"},
            "`batching` must be one of loop, map, vmap, chunked, colored, folded, but",
        ),
        ({"batching": "vmap", "chunk_size": 2}, "`chunk_size` goes with `batching='chunked'`"),
        ({"batching": "chunked"}, "`chunk_size` must be a positive integer, but got None"),
        ({"chunk_size": 0}, "`chunk_size` must be a positive integer, but got 0"),
        ({"argnums": 2}, "`x` must be the tuple of all arguments"),
    ],
)
def test_wrong_words(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        jsc.jacobian(jnp.sin, jnp.ones(3), **arguments)


@pytest.mark.parametrize(
    ("f", "x", "sentence"),
    [
        (jnp.sin, jnp.ones(3, int), r"`x` must be floating point, but got int32. Pass `x.astype"),
        (jnp.sin, {"a": "b"}, r"`x\['a'\]` must be an array or a number, but got str"),
        (jnp.sin, jnp.ones(3, complex), "`x` must be real, but got complex64"),
        (jnp.sin, [], "`x` must hold at least one array"),
        (lambda x: None, jnp.ones(3), "`f` must return an array or a pytree of arrays"),
        (lambda x: "text", jnp.ones(3), r"`f\(x\)` must be an array, but got str"),
        (jnp.argsort, jnp.ones(3), r"`f\(x\)` must be floating point, but got int32"),
        ("sin", jnp.ones(3), "`f` must be a function, but got str"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_what_cannot_be_differentiated(f: Any, x: Any, sentence: str, mode: Any) -> None:
    with pytest.raises(TypeError, match=sentence):
        jsc.jacobian(f, x, mode)
