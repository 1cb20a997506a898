"""Sparse Jacobians and Hessians by coloring, against JAX's dense ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.sparse import BCOO

import jacoscope as jsc
from jacoscope._coloring import color
from jacoscope._sparsity import find_pattern
from tests.helpers import (
    branching,
    nested_function,
    nested_point,
    nested_scalar,
    only_reverse,
    relative_error,
    require_asdex,
    while_loop,
)

pytestmark = pytest.mark.usefixtures("quickly_compiled")

asdex = require_asdex()

MODES: list[Any] = ["auto", "forward", "reverse", "linearize", "mixed"]


def banded(x: Any) -> Any:
    y = jnp.pad(x, 1)
    return jnp.sin(y[:-2]) * y[1:-1] + y[2:] ** 2


def arrow(x: Any) -> Any:
    return jnp.concatenate([jnp.sum(x**2)[None], x[1:] * x[0] + jnp.sin(x[1:])])


def blocks(x: Any) -> Any:
    return jnp.tanh(jnp.einsum("bij,bj->bi", jnp.arange(1.0, 25.0).reshape(4, 2, 3), x)) * 3


def wide(x: Any) -> Any:
    return x[:4] * x[4:8] + jnp.cos(x[8:12])


def stepwise(x: Any) -> Any:
    """Another pattern at x > 0 than at x < 0."""
    return jnp.where(x > 0, x * jnp.roll(x, 1), jnp.sin(x))


def fourier(x: Any) -> Any:
    return jnp.fft.irfft(jnp.fft.rfft(x) * 2.0, x.size)


def solved(x: Any) -> Any:
    return jnp.linalg.solve(jnp.eye(5) * 4 + jnp.diag(x), jnp.ones(5))


def factored(x: Any) -> Any:
    return jnp.linalg.cholesky(jnp.diag(x) + jnp.eye(5) * 3)


SPARSE: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "banded": (banded, (12,)),
    "arrow": (arrow, (12,)),
    "diagonal": (jnp.sin, (7,)),
    "blocks": (blocks, (4, 3)),
    "wide": (wide, (12,)),
    "where": (stepwise, (9,)),
    "while": (while_loop, (6,)),
    "scalars": (jnp.sin, ()),
    "one": (banded, (1,)),
    "no outputs": (lambda x: x[:0], (3,)),
    "no inputs": (lambda x: jnp.concatenate([x, jnp.ones(3)]), (0,)),
    "no entries": (lambda x: jnp.ones(4) + 0 * jnp.sign(x[:4]), (6,)),
}
UNPROVABLE = {"fft": (fourier, 8), "custom_linear_solve": (solved, 5)}


def point(shape: tuple[int, ...]) -> Any:
    return jnp.asarray(np.random.default_rng(3).standard_normal(shape))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (name, mode)
        for name in SPARSE
        for mode in MODES
        if not (name == "while" and mode in ("reverse", "mixed"))  # can't pass a loop
    ],
)
def test_equals_jax(name: str, mode: Any) -> None:
    f, shape = SPARSE[name]
    x = point(shape)

    def colored(x: Any) -> Any:
        return jsc.jacobian(f, x, mode, "colored", None if mode == "auto" else 2)

    ours = colored(x) if mode == "auto" else jax.jit(colored)(x)
    assert relative_error(ours, jax.jacfwd(f)(x)) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
def test_pytrees(mode: Any) -> None:
    x = nested_point(jnp.float64)
    expected = jax.jacfwd(nested_function)(x)
    dense = jax.jit(lambda x: jsc.jacobian(nested_function, x, mode, "colored"))(x)
    assert relative_error(dense, expected) < 1e-10
    ours = jax.jit(lambda x: jsc.jacobian(nested_function, x, mode, output="bcoo"))(x)
    dense = jax.tree.map(
        lambda block: block.todense(), ours, is_leaf=lambda each: isinstance(each, BCOO)
    )
    assert relative_error(dense, expected) < 1e-10


@pytest.mark.parametrize("mode", ["auto", "mixed"])
@pytest.mark.parametrize("name", ["banded", "blocks", "no outputs", "no inputs", "no entries"])
def test_bcoo_equals_jax(name: str, mode: Any) -> None:
    f, shape = SPARSE[name]
    x = point(shape).astype(jnp.float32)
    expected = jax.jacfwd(f)(x)
    ours = jax.jit(lambda x: jsc.jacobian(f, x, mode, output="bcoo"))(x)
    assert isinstance(ours, BCOO)
    assert ours.shape == expected.shape
    assert ours.dtype == expected.dtype
    assert ours.nse < max(expected.size, 1)
    assert relative_error(ours.todense(), expected) < 1e-5


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtypes_are_jaxs(dtype: str) -> None:
    x = jnp.arange(1, 7).astype(dtype)
    for mode in ("auto", "reverse"):
        ours = jsc.jacobian(jnp.sin, x, mode, "colored")
        assert relative_error(ours, jax.jacfwd(jnp.sin)(x)) == 0


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    "f",
    [lambda x: jnp.sum(x[1:] ** 2 * jnp.sin(x[:-1])), lambda x: jnp.sum(x**2) + x[0] ** 3 * x[4]],
)
@pytest.mark.parametrize(
    "order", ["forward_over_reverse", "reverse_over_forward", "reverse_over_reverse", "linearize"]
)
def test_hessians(f: Any, order: Any) -> None:
    x = point((11,))
    expected = jax.jit(jax.hessian(f))(x)
    dense = jax.jit(lambda x: jsc.hessian(f, x, order, "colored", 2))
    assert relative_error(dense(x), expected) < 1e-10
    if order == "linearize":
        sparse = jsc.hessian(f, x, order, output="bcoo")  # not traced: checked
        assert relative_error(sparse.todense(), expected) < 1e-10


@pytest.mark.usefixtures("x64")
def test_a_full_hessian_of_a_tree() -> None:
    x = nested_point(jnp.float64)
    ours = jax.jit(lambda x: jsc.hessian(nested_scalar, x, batching="colored"))(x)
    assert relative_error(ours, jax.hessian(nested_scalar)(x)) < 1e-10


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", UNPROVABLE)
def test_without_a_proof_it_is_probed_or_refused(name: str) -> None:
    f, size = UNPROVABLE[name]
    x = point((size,))
    assert relative_error(jsc.jacobian(f, x, batching="colored"), jax.jacfwd(f)(x)) < 1e-10
    with pytest.raises(ValueError, match=r"can't tell where.*No handler for primitive"):
        jax.jit(lambda x: jsc.jacobian(f, x, batching="colored"))(x)


@pytest.mark.usefixtures("x64")
def test_a_decomposition_is_full_but_right() -> None:
    x = point((5,)) ** 2
    ours = jax.jit(lambda x: jsc.jacobian(factored, x, batching="colored"))(x)
    assert relative_error(ours, jax.jacfwd(factored)(x)) < 1e-10


def test_what_branches_is_probed_at_each_point() -> None:
    for x in (jnp.asarray([0.5, 0.2]), jnp.asarray([5.0, 2.0])):
        ours = jsc.jacobian(branching, x, batching="colored")
        assert relative_error(ours, jax.jacfwd(branching)(x)) < 1e-6


@pytest.mark.usefixtures("x64")
def test_made_at_one_sign_and_called_at_another() -> None:
    x = jnp.abs(point((9,)))
    jac = jax.jit(lambda x: jsc.jacobian(stepwise, x, batching="colored"))
    for each in (-x, x, point((9,))):
        assert relative_error(jac(each), jax.jacfwd(stepwise)(each)) < 1e-10


def test_rules_of_ones_own_count_and_not_the_body() -> None:
    """A rounding that passes its tangent straight through: its body's derivative is zero."""

    @jax.custom_jvp
    def rounded(x: Any) -> Any:
        return jnp.round(x)

    rounded.defjvp(lambda primals, tangents: (rounded(primals[0]), tangents[0]))
    x = jnp.linspace(0.1, 3.0, 6)
    for f in (lambda x: rounded(x) * x, lambda x: only_reverse(x[1:]) * x[:-1]):
        ours = jax.jit(lambda x, f=f: jsc.jacobian(f, x, batching="colored", mode="reverse"))(x)
        assert relative_error(ours, jax.jacrev(f)(x)) < 1e-6


def test_under_vmap_with_what_is_closed_over() -> None:
    points, scales = jnp.arange(12.0).reshape(2, 6), jnp.asarray([1.0, 2.0])

    def ours(x: Any, scale: Any) -> Any:
        return jsc.jacobian(lambda x: banded(x) * scale, x, batching="colored")

    def theirs(x: Any, scale: Any) -> Any:
        return jax.jacfwd(lambda x: banded(x) * scale)(x)

    got = jax.jit(jax.vmap(ours))(points, scales)
    assert relative_error(got, jax.vmap(theirs)(points, scales)) < 1e-6


def test_aux_argnums_and_a_memory_limit() -> None:
    x = jnp.arange(6.0)
    ours, aux = jsc.jacobian(lambda x: (banded(x), x), x, batching="colored", has_aux=True)
    assert relative_error(ours, jax.jacfwd(banded)(x)) < 1e-6
    np.testing.assert_array_equal(aux, x)
    second = jsc.jacobian(lambda a, b: a * banded(b), (2.0, x), argnums=1, batching="colored")
    assert relative_error(second, 2 * jax.jacfwd(banded)(x)) < 1e-6
    limited = jsc.jacobian(banded, x, batching="colored", memory_limit="1GB")
    assert relative_error(limited, jax.jacfwd(banded)(x)) < 1e-6
    with pytest.raises(jsc.MemoryLimitError, match="above the memory limit of 10 B"):
        jsc.jacobian(banded, x, batching="colored", memory_limit=10)


def test_few_passes() -> None:
    def passes(f: Any, mode: Any) -> int:
        return color(find_pattern(f, jnp.ones(40)), mode).passes

    assert passes(banded, "forward") == 3
    assert passes(banded, "reverse") == 3
    assert passes(arrow, "forward") > 30  # the full row forbids it
    assert passes(arrow, "mixed") <= 3
    assert passes(lambda x: jnp.sum(x**2), "reverse") == 1
    assert passes(jax.grad(lambda x: jnp.sum(x) * x[0]), "symmetric") == 2


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"sparsity": np.ones((3, 3))}, ValueError, r"`sparsity` must have shape \(12, 12\)"),
        ({"sparsity": [[0], [0]]}, TypeError, "must be a matrix, dense or sparse, or a pair"),
        ({"output": "csr"}, ValueError, "`output` must be one of dense, bcoo, but got 'csr'"),
        ({"output": "bcoo", "batching": "map"}, ValueError, "`output='bcoo'` goes with"),
        ({"sparsity": np.eye(12), "batching": "map"}, ValueError, "`sparsity` goes with"),
        ({"batching": "colored", "chunk_size": 0}, ValueError, "`chunk_size` must be a positive"),
        ({"mode": "mixed"}, ValueError, "`mode` must be one of auto, forward, reverse, linearize,"),
    ],
)
def test_wrong_words(arguments: dict[str, Any], error: Any, sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        jsc.jacobian(banded, jnp.ones(12), **arguments)


def test_a_full_hessian_has_no_colors() -> None:
    with pytest.raises(ValueError, match="can't be colored; take another order"):
        jsc.hessian(jnp.sum, jnp.ones(3), "full_hessian", "colored")


def test_without_asdex(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asdex", None)
    with pytest.raises(ImportError, match=r"pip install 'jacoscope\[sparse\]'"):
        jsc.jacobian(banded, jnp.ones(12), batching="colored")
    with pytest.raises(ImportError, match=r"pip install 'jacoscope\[sparse\]'"):
        jsc.hessian(lambda x: jnp.sum(x**3), jnp.ones(12), batching="colored")
    assert jsc.jacobian(banded, jnp.ones(12)).shape == (12, 12)
