"""A Jacobian an example under `jax.vmap`, and value with Jacobian in one evaluation of `f`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.sparse import BCOO

import jacoscope as jsc
from tests.helpers import nested_function, nested_point, relative_error, require_asdex

pytestmark = pytest.mark.usefixtures("quickly_compiled")

MODES: list[Any] = ["forward", "linearize", "reverse"]
WAYS: list[Any] = [("loop", None), ("map", None), ("vmap", None), ("chunked", 3)]
COLORED: list[Any] = ["forward", "linearize", "reverse", "mixed"]
BAND = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) <= 1


def banded(x: Any) -> Any:
    y = jnp.pad(x, 1)
    return jnp.sin(y[:-2]) * y[1:-1] + y[2:] ** 2


def stacked(example: Any, count: int) -> Any:
    """Examples that differ, on a leading axis of each leaf."""
    factors = jnp.linspace(0.5, 1.5, count)
    return jax.tree.map(lambda leaf: jnp.multiply.outer(factors, leaf), example)


def at_once(program: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One program for all ways, compiled without optimization: a fraction of the time."""
    return jax.jit(program, compiler_options={"xla_backend_optimization_level": 0})


def with_value(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def pair(x: Any) -> Any:
        y = f(x)
        return y, y

    return pair


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
def test_a_jacobian_an_example(mode: Any) -> None:
    x = stacked(nested_point(jnp.float64), 3)
    expected = jax.vmap(jax.jacfwd(nested_function))(x)

    def each_way(x: Any) -> Any:
        return [jsc.jacobian(nested_function, x, mode, *way) for way in WAYS]

    for ours in at_once(jax.vmap(each_way))(x):
        assert relative_error(ours, expected) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("sparsity", [BAND, None], ids=["given", "proven"])
def test_a_colored_jacobian_an_example(sparsity: Any) -> None:
    require_asdex()
    x = stacked(jnp.arange(1.0, 7.0), 4)
    expected = jax.vmap(jax.jacfwd(banded))(x)

    def each_way(x: Any) -> Any:
        return [
            jsc.jacobian(banded, x, mode, "colored", chunk, sparsity=sparsity)
            for mode in COLORED
            for chunk in (None, 2)
        ]

    for ours in at_once(jax.vmap(each_way))(x):
        assert relative_error(ours, expected) < 1e-10


@pytest.mark.usefixtures("x64")
def test_a_hessian_an_example_and_arguments_that_are_shared() -> None:
    x, scale = stacked(jnp.arange(1.0, 5.0), 3), jnp.arange(2.0, 6.0)

    def f(x: Any, scale: Any) -> Any:
        return jnp.tanh(x * scale) * jnp.sum(x)

    ours = jax.vmap(lambda x: jsc.jacobian(f, (x, scale), "reverse", "chunked", 3, argnums=0))(x)
    assert relative_error(ours, jax.vmap(jax.jacfwd(f), (0, None))(x, scale)) < 1e-10
    ours = jax.vmap(lambda x: jsc.hessian(lambda x: jnp.sum(f(x, scale) ** 2), x, chunk_size=3))(x)
    expected = jax.vmap(jax.hessian(lambda x: jnp.sum(f(x, scale) ** 2)))(x)
    assert relative_error(ours, expected) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
def test_value_and_jacobian(mode: Any) -> None:
    x = nested_point(jnp.float64)
    examples, pair = stacked(x, 2), with_value(nested_function)

    def each_way(x: Any) -> Any:
        return [jsc.jacobian(pair, x, mode, *way, has_aux=True) for way in WAYS]

    expected = jax.vmap(jax.jacfwd(pair, has_aux=True))(examples)
    for ours in at_once(jax.vmap(each_way))(examples):
        assert relative_error(ours, expected) < 1e-10
    ours = jsc.jacobian(pair, x, mode, "chunked", 3, has_aux=True)
    assert relative_error(ours, jax.jacfwd(pair, has_aux=True)(x)) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", COLORED)
def test_value_and_colored_jacobian(mode: Any) -> None:
    require_asdex()
    x, pair = jnp.arange(1.0, 7.0), with_value(banded)
    expected = jax.jacfwd(pair, has_aux=True)(x)
    for chunk in (None, 2):
        ours = jsc.jacobian(pair, x, mode, "colored", chunk, sparsity=BAND, has_aux=True)
        assert relative_error(ours, expected) < 1e-10
    J, y = jax.jit(lambda x: jsc.jacobian(pair, x, mode, output="bcoo", has_aux=True))(x)
    assert isinstance(J, BCOO)
    assert relative_error((J.todense(), y), expected) < 1e-10


def test_an_empty_pattern_still_has_a_value() -> None:
    require_asdex()
    x = jnp.ones(3)
    J, aux = jsc.jacobian(lambda x: (jnp.ones(2), x.sum()), x, "forward", "colored", has_aux=True)
    np.testing.assert_array_equal(J, np.zeros((2, 3)))
    assert aux == 3


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_pattern_that_lacks_an_entry_is_noticed(mode: Any) -> None:
    require_asdex()
    x, pair = jnp.arange(1.0, 7.0), with_value(banded)
    with pytest.raises(ValueError, match="must have every entry that is other than zero"):
        jsc.jacobian(pair, x, mode, has_aux=True, sparsity=np.eye(6))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", WAYS)
def test_aux_of_all_kinds(mode: Any, way: Any) -> None:
    def f(x: Any) -> Any:
        state = {"count": jnp.arange(3), "weak": 2.0 * jnp.sum(x) ** 0, "none": None, "flag": True}
        return jnp.sin(x), {**state, "key": jax.random.key(1), "few": x.astype("bfloat16"), "of": 3}

    x = jnp.arange(1.0, 6.0)
    J, aux = jsc.jacobian(f, x, mode, *way, has_aux=True)
    expected, its_aux = jax.jacfwd(f, has_aux=True)(x)
    assert relative_error(J, expected) < 1e-6
    assert jax.random.key_data(aux.pop("key")).tolist() == [0, 1]
    del its_aux["key"]
    assert jax.tree.structure(aux) == jax.tree.structure(its_aux)
    for ours, theirs in zip(jax.tree.leaves(aux), jax.tree.leaves(its_aux), strict=True):
        assert jnp.result_type(ours) == jnp.result_type(theirs)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("n", [0, 1])
def test_value_at_sizes_zero_and_one(mode: Any, way: Any, n: int) -> None:
    J, y = jsc.jacobian(with_value(jnp.sin), jnp.ones(n), mode, *way, has_aux=True)
    assert J.shape == (n, n)
    np.testing.assert_allclose(y, np.sin(np.ones(n)), rtol=1e-6)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", MODES)
def test_f_is_traced_as_often_as_jax_does(mode: Any, way: Any) -> None:
    count = Counter()

    def f(x: Any) -> Any:
        count["f"] += 1
        return jnp.sin(x) * x

    x = jnp.ones(7)
    builtin = jax.jacrev if mode == "reverse" else jax.jacfwd
    jax.make_jaxpr(builtin(with_value(f), has_aux=True))(x)
    theirs = count.pop("f")
    jax.make_jaxpr(lambda x: jsc.jacobian(with_value(f), x, mode, *way, has_aux=True))(x)
    unrolled = 7 if mode == "forward" and way[0] == "loop" else 1
    assert count["f"] == unrolled * theirs == unrolled


@pytest.mark.parametrize("way", [*WAYS, ("colored", None), ("colored", 2)])
@pytest.mark.parametrize("mode", MODES)
def test_aux_costs_no_evaluation(mode: Any, way: Any) -> None:
    if way[0] == "colored":
        require_asdex()
    count = Counter()
    sparsity = BAND if way[0] == "colored" else None

    def f(x: Any) -> Any:
        jax.debug.callback(lambda: count.update(["f"]))
        return banded(x)

    def runs(function: Callable[[Any], Any]) -> int:
        jax.block_until_ready(function(jnp.ones(6)))
        jax.effects_barrier()
        return count.pop("f")

    plain = jax.jit(lambda x: jsc.jacobian(f, x, mode, *way, sparsity=sparsity))
    pair = jax.jit(
        lambda x: jsc.jacobian(with_value(f), x, mode, *way, sparsity=sparsity, has_aux=True)
    )
    assert runs(pair) == runs(plain)


def test_what_is_no_pair() -> None:
    for f in (jnp.sin, lambda x: (x, x, x)):
        with pytest.raises(TypeError, match=r"`f` must return a pair `\(y, aux\)`, but returned"):
            jsc.jacobian(f, jnp.ones(2), "forward", has_aux=True)
    with pytest.raises(TypeError, match=r"`f\(x\)` must be floating point, but got int32"):
        jsc.jacobian(lambda x: (jnp.argsort(x), x), jnp.ones(2), has_aux=True)
