"""What does not depend on the point is computed once, and the derivative stays JAX's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._folded_plan import plan_folded
from jacoscope._folding import Folded
from jacoscope._scene import Options, set_scene
from tests.helpers import nested_function, nested_point, relative_error

W = np.random.default_rng(0).normal(size=(5, 6))
V = np.random.default_rng(1).normal(size=(7, 5))
X = np.random.default_rng(2).normal(size=6)
MODES: list[Any] = ["forward", "linearize", "reverse"]


def layered(x: Any) -> Any:
    return jnp.asarray(V) @ jnp.tanh(jnp.asarray(W) @ x)


def jitted_within(x: Any) -> Any:
    return jax.jit(lambda z: jax.nn.relu(jnp.asarray(V) @ z))(jax.jit(jnp.sin)(jnp.asarray(W) @ x))


def looped(x: Any) -> Any:
    def step(z: Any, row: Any) -> Any:
        z = jnp.sin(z) * row
        return z, z.sum()

    return jax.lax.scan(step, jnp.asarray(W) @ x, jnp.asarray(V))[1]


def indexed(x: Any) -> Any:
    y = x[jnp.array([3, 1, 1, 5])]
    return jnp.cumsum(y.at[2].add(x[0])) * x[4]


def transformed(x: Any) -> Any:
    return jnp.fft.irfft(jnp.fft.rfft(x) * jnp.arange(4.0)) * x


def branching_by_sign(x: Any) -> Any:
    return jnp.asarray(W) @ jnp.where(x > 0, x**2, -3.0 * x)


def alike_but_for_a_number(x: Any) -> Any:
    y = jnp.asarray(W) @ x
    return jnp.stack([y * 2.0, y * 3.0, jnp.roll(y, 1), jnp.roll(y, 2)]) * x[0]


FUNCTIONS = [
    alike_but_for_a_number,
    layered,
    jitted_within,
    looped,
    indexed,
    transformed,
    branching_by_sign,
]


def both(f: Callable[[Any], Any], x: Any, mode: Any) -> tuple[Any, Any]:
    ours = jax.jit(lambda x: jsc.jacobian(f, x, mode=mode, batching="folded"))(x)
    return ours, (jax.jacrev if mode == "reverse" else jax.jacfwd)(f)(x)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("f", FUNCTIONS)
def test_it_is_the_jacobian_at_every_x(f: Callable[[Any], Any]) -> None:
    def all_modes(x: Any) -> Any:
        ours = [jsc.jacobian(f, x, mode=mode, batching="folded") for mode in MODES]
        return ours, jax.jacfwd(f)(x)

    at_once = jax.jit(all_modes, compiler_options={"xla_backend_optimization_level": 0})
    for x in (jnp.asarray(X), -jnp.asarray(X), jnp.zeros(6) + 0.5):
        ours, theirs = at_once(x)
        assert all(relative_error(each, theirs) < 1e-13 for each in ours)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
def test_pytrees_and_aux(mode: Any) -> None:
    x = nested_point()
    ours, theirs = both(nested_function, x, mode)
    assert relative_error(ours, theirs) < 1e-13
    pair = jsc.jacobian(
        lambda x: (layered(x), x[0]), jnp.asarray(X), mode=mode, batching="folded", has_aux=True
    )
    assert relative_error(pair[0], jax.jacfwd(layered)(jnp.asarray(X))) < 1e-13
    assert pair[1] == X[0]


@pytest.mark.usefixtures("x64")
def test_a_hessian() -> None:
    def energy(x: Any) -> Any:
        return jnp.sum(layered(x) ** 3)

    ours = jax.jit(lambda x: jsc.hessian(energy, x, batching="folded"))(jnp.asarray(X))
    assert relative_error(ours, jax.hessian(energy)(jnp.asarray(X))) < 1e-13


@pytest.mark.usefixtures("x64")
def test_within_other_transformations() -> None:
    def ours(x: Any) -> Any:
        return jsc.jacobian(layered, x, mode="forward", batching="folded")

    points = jnp.stack([jnp.asarray(X), -jnp.asarray(X)])
    theirs = jax.jacfwd(layered)
    assert relative_error(jax.vmap(ours)(points), jax.vmap(theirs)(points)) < 1e-13
    slope = jax.grad(lambda x: jnp.sum(ours(x) ** 2))(points[0])
    assert relative_error(slope, jax.grad(lambda x: jnp.sum(theirs(x) ** 2))(points[0])) < 1e-13


@pytest.mark.usefixtures("x64")
def test_weights_that_are_traced_are_not_taken_for_fixed() -> None:
    @jax.jit
    def jacobian(weights: Any, x: Any) -> Any:
        def f(x: Any) -> Any:
            return jnp.tanh(weights @ x)

        return jsc.jacobian(f, x, mode="forward", batching="folded")

    for scale in (1.0, 2.0):
        weights = scale * jnp.asarray(W)
        theirs = jax.jacfwd(lambda x, weights=weights: jnp.tanh(weights @ x))(jnp.asarray(X))
        assert relative_error(jacobian(weights, jnp.asarray(X)), theirs) < 1e-13


def primitives(function: Callable[..., Any], *arguments: Any) -> list[str]:
    jaxpr = jax.make_jaxpr(function)(*arguments)
    return [equation.primitive.name for equation in jaxpr.jaxpr.eqns]


def test_products_with_fixed_weights_are_left_out() -> None:
    x = jnp.asarray(X, jnp.float32)
    folding = Folded(jax.jacfwd(layered)).fold(x)
    left = primitives(folding.rest, folding.shapes, x)
    assert left.count("dot_general") == 2  # W x, and V times the tangents
    assert folding.bytes == 4 * 5 * 6  # of W times the basis, kept once
    (constant,) = folding.constants()
    assert np.allclose(np.sort(np.ravel(constant)), np.sort(np.ravel(W)), rtol=1e-6)


def test_what_is_cheap_stays() -> None:
    folding = Folded(jax.jacfwd(jnp.sin)).fold(jnp.ones(4))
    assert folding.shapes == []
    assert folding.constants() == []


def test_what_has_effects_stays() -> None:
    seen: list[float] = []

    def f(x: Any) -> Any:
        jax.debug.callback(lambda: seen.append(1.0))
        return jnp.asarray(W, x.dtype) @ x

    folded = jax.jit(Folded(jax.jacfwd(f)))
    for _ in range(3):
        jax.block_until_ready(folded(jnp.ones(6)))
    jax.effects_barrier()
    assert len(seen) == 3


def names(f: Callable[[Any], Any], x: Any, limit: int | None = None) -> list[str]:
    scene = set_scene(f, x, Options(), jax.devices()[0])
    return [each.name for each in plan_folded("jacobian", scene, limit)]


def test_it_is_planned_where_it_saves_work() -> None:
    wide = jnp.ones((64, 200)) / 200
    assert names(lambda x: jnp.tanh(wide @ x), jnp.ones(200)) == ["forward/folded"]
    assert names(lambda x: wide @ jnp.tanh(x), jnp.ones(200)) == ["reverse/folded"]
    assert names(lambda x: jnp.tanh(x) ** 2, jnp.ones(200)) == []
    assert names(lambda x: jnp.tanh(wide @ x), jnp.ones(200), limit=1_000) == []


def test_it_is_there_where_coloring_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise ImportError("Coloring needs asdex, which is not installed.")

    monkeypatch.setattr("jacoscope._colored_plan.import_asdex", absent)
    sparse = jnp.eye(24) + jnp.eye(24, k=1)
    study = jsc.compare(
        lambda x: jnp.tanh(sparse @ x), jnp.ones(24), chunk_sizes=(), runner="inline", time_limit=60
    )
    assert study.row("forward/colored").status == "unsupported"
    assert study.row("forward/folded").status == "ok"


def test_a_row_says_what_is_computed_once_and_counts_its_memory() -> None:
    wide = jnp.ones((64, 200)) / 200
    study = jsc.compare(
        lambda x: jnp.tanh(wide @ x), jnp.ones(200), chunk_sizes=(), runner="inline", time_limit=60
    )
    folded, vmapped = study.row("forward/folded"), study.row("forward/vmap")
    assert folded.status == "ok"
    assert "51.2 kB that do not depend on x are computed once." in folded.message
    assert folded.argument_bytes == (vmapped.argument_bytes or 0) + 64 * 200 * 4
    assert folded.prep_s is not None
    assert folded.prep_s > 0
    assert folded.error is not None
    assert folded.error < 1e-6
    assert (folded.flops or 0) < 0.1 * (vmapped.flops or 0)
    assert vmapped.prep_s is None


def test_a_chunk_size_does_not_go_with_it() -> None:
    with pytest.raises(ValueError, match="goes with `batching='chunked'`"):
        jsc.jacobian(layered, X, batching="folded", chunk_size=4)
