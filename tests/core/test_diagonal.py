"""Diagonals of Hessians against those of `jax.hessian`, and how few products they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import jacoscope as jsc
from jacoscope._coloring import color
from jacoscope._diagonal import build_colored_diagonal
from jacoscope._hessian import gradient, hvp_product
from jacoscope._pattern import given_pattern
from jacoscope._sparsity import find_pattern
from jacoscope.problems import family
from tests.helpers import SCALAR, nested_point, nested_scalar, relative_error, require_asdex

pytestmark = pytest.mark.usefixtures("quickly_compiled")

ORDERS: list[Any] = [
    "forward_over_reverse",
    "reverse_over_forward",
    "reverse_over_reverse",
    "full_hessian",
    "linearize",
]
WAYS: list[Any] = [("auto", None), ("loop", None), ("map", None), ("vmap", None), ("chunked", 3)]


def chain(x: Any) -> Any:
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def grid(x: Any) -> Any:
    u = x.reshape(4, 5)
    return jnp.sum(jnp.exp(u[1:] * u[:-1])) + jnp.sum(jnp.sin(u[:, 1:] * u[:, :-1]))


def separable(x: Any) -> Any:
    return jnp.sum(jnp.sin(x) * x**2)


def partly(x: Any) -> Any:
    """The second half of the diagonal is zero whatever x is, and needs no product."""
    half = x.size // 2
    return jnp.sum(x[:half] ** 3) + jnp.sum(x[half:]) + x[0] * x[-1]


SPARSE: dict[str, tuple[Callable[[Any], Any], int]] = {
    "separable": (separable, 1),
    "chain": (chain, 2),
    "grid": (grid, 2),
    "partly": (partly, 1),
    "dense": (lambda x: jnp.sin(jnp.sum(x)), 20),
    "linear": (lambda x: jnp.sum(3.0 * x), 0),
}


def at_once(program: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One program, compiled without optimization: a fraction of the time."""
    return jax.jit(program, compiler_options={"xla_backend_optimization_level": 0})


def diagonal_of(f: Callable[[Any], Any], x: Any) -> Any:
    """The diagonal of JAX's Hessian of the flattened function, like x."""
    flat, unravel = ravel_pytree(x)
    return unravel(jnp.diagonal(at_once(jax.hessian(lambda flat: f(unravel(flat))))(flat)))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", SCALAR)
def test_the_gallery(name: str) -> None:
    sizes: dict[str, Any] = {knob.name: knob.low for knob in family(name).sizes if not knob.choices}
    problem = jsc.problem(name, dtype="float64", **sizes)
    f, x = problem.f, problem.x

    def ours(x: Any) -> Any:
        return jsc.hessian(f, x, output="diagonal")

    assert relative_error(at_once(ours)(x), diagonal_of(f, x)) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("order", ORDERS)
def test_every_way_of_a_tree(order: Any) -> None:
    x = nested_point(jnp.float64)
    ways = WAYS if order == "forward_over_reverse" else WAYS[-1:]

    def each_way(x: Any) -> Any:
        return [jsc.hessian(nested_scalar, x, order, *way, output="diagonal") for way in ways]

    expected = diagonal_of(nested_scalar, x)
    for ours in at_once(each_way)(x):
        assert relative_error(ours, expected) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", SPARSE)
def test_colored(name: str) -> None:
    require_asdex()
    f, passes = SPARSE[name]
    x = jnp.asarray(np.random.default_rng(0).standard_normal(20))
    expected = diagonal_of(f, x)
    assert color(find_pattern(gradient(f), x), "diagonal").passes == passes

    def colored(x: Any, chunk: int | None = None) -> Any:
        return jsc.hessian(f, x, "linearize", "colored", chunk, output="diagonal")

    assert relative_error(colored(x), expected) < 1e-10
    traced = at_once(lambda x: [colored(x), colored(x, 1)])(x)
    assert max(relative_error(ours, expected) for ours in traced) < 1e-10


@pytest.mark.usefixtures("x64")
def test_colored_trees_and_examples() -> None:
    require_asdex()

    def f(x: Any) -> Any:
        a, b = x["a"], x["b"]
        return jnp.sum(a**3 * b[0]) + jnp.sum(jnp.cos(b[1:] * b[:-1])) + jnp.sum(a[0] ** 4)

    x = {"a": jnp.arange(1.0, 7.0).reshape(2, 3), "b": jnp.arange(2.0, 6.0)}
    ours = jsc.hessian(f, x, batching="colored", output="diagonal")
    assert relative_error(ours, diagonal_of(f, x)) < 1e-10
    points = jnp.linspace(0.5, 2.0, 12).reshape(3, 4)
    each = jax.vmap(lambda x: jsc.hessian(chain, x, batching="colored", output="diagonal"))
    expected = jnp.stack([diagonal_of(chain, x) for x in points])
    assert relative_error(at_once(each)(points), expected) < 1e-10


def test_a_pattern_that_can_not_be_proven() -> None:
    require_asdex()

    def f(x: Any) -> Any:  # asdex knows no fft
        return jnp.sum(jnp.fft.irfft(jnp.fft.rfft(x), x.size) ** 2 * x)

    x = jnp.arange(1.0, 9.0)
    ours = jsc.hessian(f, x, batching="colored", output="diagonal")
    assert relative_error(ours, diagonal_of(f, x)) < 1e-4
    with pytest.raises(ValueError, match="can't tell where this derivative is zero for every `x`"):
        jax.jit(lambda x: jsc.hessian(f, x, batching="colored", output="diagonal"))(x)


def test_a_pattern_that_lacks_an_entry_is_noticed() -> None:
    require_asdex()
    x = jnp.arange(1.0, 5.0)
    coloring = color(given_pattern(np.eye(4), (4, 4)), "diagonal")
    product = hvp_product(chain, x, "forward_over_reverse")
    with pytest.raises(ValueError, match="input 0 has one outside of the pattern"):
        build_colored_diagonal(product, x, coloring=coloring)


@pytest.mark.parametrize(("n", "dtype"), [(0, "float32"), (1, "bfloat16"), (2, "float16")])
def test_sizes_and_dtypes(n: int, dtype: str) -> None:
    x = jnp.arange(1.0, n + 1.0).astype(dtype)

    def each_way(x: Any) -> Any:
        f, order = lambda x: jnp.sum(x**3), "forward_over_reverse"
        return [jsc.hessian(f, x, order, *way, output="diagonal") for way in WAYS]

    for ours in at_once(each_way)(x):
        assert ours.dtype == dtype
        np.testing.assert_array_equal(ours, 6 * x)


def test_what_is_not_finite_stays_in_its_place() -> None:
    x = jnp.array([0.0, 1.0, 4.0])
    ours = jsc.hessian(lambda x: jnp.sum(jnp.sqrt(x) * x), x, chunk_size=2, output="diagonal")
    np.testing.assert_allclose(ours[1:], [0.75, 0.375], rtol=1e-6)
    assert not np.isfinite(ours[0])


def test_memory_is_that_of_a_chunk() -> None:
    n = 2048  # the whole takes 16.8 MB
    x = jnp.linspace(0.0, 1.0, n)

    def f(x: Any) -> Any:
        return jnp.sum(jnp.sin(x) * jnp.roll(x, 1) ** 2)

    for order in ORDERS[:2]:
        program = jax.jit(lambda x, order=order: jsc.hessian(f, x, order, output="diagonal"))
        stats = program.lower(x).compile().memory_analysis()
        assert stats is not None
        assert stats.output_size_in_bytes == 4 * n
        assert stats.temp_size_in_bytes < 6 * 64 * 4 * n
    limited = jsc.hessian(f, x[:256], output="diagonal", memory_limit="200 kB")
    assert relative_error(limited, diagonal_of(f, x[:256])) < 1e-5
    with pytest.raises(jsc.MemoryLimitError):
        jsc.hessian(f, x, batching="vmap", output="diagonal", memory_limit="200 kB")


def test_wrong_words() -> None:
    with pytest.raises(ValueError, match="`output` must be one of dense, bcoo, diagonal, but got"):
        jsc.hessian(jnp.sum, jnp.ones(3), output="corner")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="`output` must be one of dense, bcoo, but got 'diagonal'"):
        jsc.jacobian(jnp.sin, jnp.ones(3), output="diagonal")  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="needs `f` to return one number"):
        jsc.hessian(jnp.sin, jnp.ones(3), output="diagonal")
