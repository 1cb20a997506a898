"""Jacobians in blocks: equal to JAX's, by one program for all blocks, and none is kept."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import jacoscope as jsc
from jacoscope._streaming import fewer_at_once
from tests.helpers import branching, nested_function, nested_point, only_reverse, while_loop

MODES = ("forward", "linearize", "reverse")
pytestmark = pytest.mark.usefixtures("quickly_compiled")


def flattened(f: Any, x: Any) -> np.ndarray:
    """JAX's Jacobian of `f` as a function of one vector, returning one vector."""
    flat, unravel = ravel_pytree(x)
    return np.asarray(jax.jacfwd(lambda v: ravel_pytree(f(unravel(v)))[0])(flat))


def assembled(chunks: jsc.JacobianChunks) -> np.ndarray:
    """All blocks in one matrix; what no block has written stays NaN."""
    whole = np.full(chunks.shape, np.nan)
    for index, values in chunks:
        whole[index] = values
    return whole


def tall(x: Any) -> Any:
    return jnp.sin(jnp.outer(jnp.arange(1.0, 8.0), x)) @ jnp.exp(x)


def point(n: int = 5) -> Any:
    return jnp.linspace(0.1, 0.9, n)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chunk_size", [1, 3, 100, None])
def test_blocks_of_pytrees_are_those_of_jax(mode: Any, chunk_size: int | None) -> None:
    x = nested_point(jnp.float64)
    chunks = jsc.jacobian_chunks(nested_function, x, mode, chunk_size)
    expected = flattened(nested_function, x)
    assert chunks.shape == expected.shape == (4, 11)
    np.testing.assert_allclose(assembled(chunks), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mode", MODES)
def test_the_last_block_may_be_shorter(mode: Any) -> None:
    x = point()
    expected = jax.jacrev(tall)(x)
    chunks = jsc.jacobian_chunks(tall, x, mode, 3)
    rows = mode == "reverse"
    assert chunks.mode == mode
    assert chunks.axis == (0 if rows else 1)
    assert chunks.block_shape == ((3, 5) if rows else (7, 3))
    assert chunks.dtype == np.float64
    assert len(chunks) == (3 if rows else 2)
    assert [(each.start, each.stop) for each in chunks] == (
        [(0, 3), (3, 6), (6, 7)] if rows else [(0, 3), (3, 5)]
    )
    for each in chunks:
        assert isinstance(each.values, jax.Array)
        np.testing.assert_allclose(each.values, expected[each.slices], rtol=1e-10)


def test_blocks_are_named_as_the_matrix_is() -> None:
    x = nested_point()
    y = jax.eval_shape(nested_function, x)
    matrix = jsc.as_matrix(jax.jacrev(nested_function)(x), y, x)
    chunks = jsc.jacobian_chunks(nested_function, x)
    assert chunks.row_blocks == matrix.row_blocks
    assert chunks.column_blocks == matrix.column_blocks


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("argnums", [1, (0, 1)])
def test_several_arguments(argnums: Any) -> None:
    def f(a: Any, b: Any) -> Any:
        return jnp.sin(a)[:, None] * b**2

    arguments = (point(3), point(4))
    expected = jax.jacrev(f, argnums)(*arguments)
    blocks = [expected] if argnums == 1 else list(expected)
    chunks = jsc.jacobian_chunks(f, arguments, "reverse", 5, argnums=argnums)
    whole = np.concatenate([np.reshape(block, (12, -1)) for block in blocks], axis=1)
    np.testing.assert_allclose(assembled(chunks), whole, rtol=1e-10)


def test_one_sequence_goes_on_where_another_ended() -> None:
    x = point(40)
    chunks = jsc.jacobian_chunks(tall, x, "forward", 7)
    all_blocks = list(chunks)
    assert len(all_blocks) == len(chunks) == 6
    resumed = jsc.jacobian_chunks(tall, x, "forward", 7, start=21)
    for later, mine in ((list(chunks[3:]), all_blocks[3:]), (list(resumed), all_blocks[3:])):
        assert [each.slices for each in later] == [each.slices for each in mine]
        for one, other in zip(later, mine, strict=True):
            np.testing.assert_array_equal(one.values, other.values)  # to the last bit
    part = jsc.jacobian_chunks(tall, x, "forward", 7, start=5, stop=20)
    expected = jax.jacfwd(tall)(x)
    assert [(each.start, each.stop) for each in part] == [(5, 12), (12, 19), (19, 20)]
    for each in part:
        np.testing.assert_allclose(each.values, expected[each.slices], rtol=1e-5)
    np.testing.assert_array_equal(chunks[-1].values, all_blocks[-1].values)
    assert chunks[1:5][1:2][0].slices == all_blocks[2].slices
    assert [len(chunks[each]) for each in (slice(6, None), slice(4, 2), slice(9, 12))] == [0, 0, 0]
    with pytest.raises(IndexError):
        chunks[6]
    with pytest.raises(ValueError, match="Chunks must be sliced without a step, but got 2"):
        chunks[::2]


@pytest.mark.parametrize("mode", MODES)
def test_one_program_computes_all_blocks(mode: Any, caplog: pytest.LogCaptureFixture) -> None:
    traces = []

    def f(x: Any) -> Any:
        traces.append(x)
        return tall(x)

    chunks = jsc.jacobian_chunks(f, point(21), mode, 3)
    traced = len(traces)
    with jax.log_compiles(True):
        for _ in chunks[:-1]:
            pass
    assert [each.message for each in caplog.records if "Compiling" in each.message] == []
    assert assembled(chunks).shape == (7, 21)
    assert len(traces) == traced


@pytest.mark.parametrize("mode", MODES)
def test_blocks_are_let_go(mode: Any) -> None:
    chunks = jsc.jacobian_chunks(lambda x: jnp.sin(x) * x.sum(), point(131), mode, 13)
    for _ in chunks[:-1]:
        shapes = [each.shape for each in jax.live_arrays()]
        assert shapes.count(chunks.block_shape) == 1
        assert shapes.count(chunks.shape) == 0


@pytest.mark.usefixtures("x64")
def test_reductions() -> None:
    x = point()
    expected = jax.jacrev(tall)(x)
    rows = jsc.jacobian_chunks(tall, x, "reverse", 2)
    gram = sum(values.T @ values for _, values in rows)
    np.testing.assert_allclose(gram, expected.T @ expected, rtol=1e-10)
    norms = np.zeros(5)
    for index, values in jsc.jacobian_chunks(tall, x, "forward", 2):
        norms[index[1]] = jnp.linalg.norm(values, axis=0)
    np.testing.assert_allclose(norms, np.linalg.norm(expected, axis=0), rtol=1e-10)


def test_auto_takes_fewer_passes_and_what_works() -> None:
    wide = jsc.jacobian_chunks(lambda x: jnp.outer(jnp.sin(x), x).sum(0)[:5] ** 2, point(900))
    assert (wide.mode, wide.chunk_size, len(wide)) == ("reverse", 5, 1)
    long = jsc.jacobian_chunks(lambda x: jnp.tile(jnp.sin(x) * x.sum(), 300), point(5))
    assert long.mode in ("forward", "linearize")
    assert jsc.jacobian_chunks(only_reverse, point()).mode == "reverse"
    assert jsc.jacobian_chunks(while_loop, point()).axis == 1


def test_usual_blocks_are_even() -> None:
    f, x = lambda x: jnp.sin(x) * x.sum(), jnp.ones(1000)
    assert jsc.jacobian_chunks(f, x, "reverse").chunk_size == 125  # eight of them, not 7.8 of 128
    wide = jsc.jacobian_chunks(lambda x: jnp.outer(x[:100], x[:3]), jnp.ones(2**20), "reverse")
    assert wide.chunk_size == 4  # of 4 MiB each
    huge = jsc.jacobian_chunks(lambda x: x[:3], jnp.ones(5_000_000), "reverse")
    assert huge.chunk_size == 1  # of 20 MB
    assert jsc.jacobian_chunks(f, x, "reverse", 10_000).block_shape == (1000, 1000)


def widening(x: Any) -> Any:
    """Each pass needs a matrix: what a block takes grows with its passes."""
    return jnp.sin(jnp.outer(x, x)) @ x


def test_a_memory_limit_makes_blocks_smaller() -> None:
    x = jnp.linspace(0.0, 1.0, 96)
    usual = jsc.jacobian_chunks(widening, x, "forward")
    assert usual.predicted_bytes is not None
    limit = usual.predicted_bytes // 3
    fitting = jsc.jacobian_chunks(widening, x, "forward", memory_limit=limit)
    assert 1 < fitting.chunk_size < usual.chunk_size
    assert fitting.predicted_bytes is not None
    assert limit // 4 < fitting.predicted_bytes <= limit
    np.testing.assert_allclose(assembled(fitting), jax.jacfwd(widening)(x), rtol=1e-5, atol=1e-6)
    with pytest.raises(jsc.MemoryLimitError, match="The largest chunk size that fits is") as error:
        jsc.jacobian_chunks(widening, x, "forward", 96, memory_limit=limit)
    assert error.value.needed_bytes == usual.predicted_bytes
    chunk = error.value.largest_chunk
    assert chunk is not None
    again = jsc.jacobian_chunks(widening, x, "forward", chunk, memory_limit=limit)
    assert again.chunk_size == chunk
    with pytest.raises(jsc.MemoryLimitError, match="No chunk size fits") as error:
        jsc.jacobian_chunks(widening, x, memory_limit="1kB")
    assert error.value.largest_chunk is None


def test_a_prediction_has_point_and_two_blocks_in_it() -> None:
    x = jnp.ones(4096)
    block = 16 * 4096 * 4
    for mode in MODES:
        needed = jsc.jacobian_chunks(jnp.sin, x, mode, 16).predicted_bytes
        residuals = 0 if mode == "forward" else x.nbytes  # the cosine
        assert needed is not None
        assert 2 * block + x.nbytes + residuals <= needed <= 3 * block


def test_a_prediction_has_what_the_residuals_take_in_it() -> None:
    def f(x: Any) -> Any:
        square = jnp.outer(x, x)
        return jnp.sin(x) * jax.lax.stop_gradient((square @ square)[0])

    x = jnp.ones(256)
    needed = jsc.jacobian_chunks(f, x, "reverse", 1).predicted_bytes
    assert needed is not None
    assert needed > 256 * 256 * 4


def test_blocks_of_one_size_where_that_fits() -> None:
    assert fewer_at_once(lambda size: 100 + size, 1000, 128, 215) == 112  # nine of them
    assert fewer_at_once(lambda size: 300 if size == 112 else 100 + size, 1000, 128, 215) == 115
    assert fewer_at_once(lambda size: 100 + size, 1000, 128, 100) is None


def test_auto_takes_the_mode_that_fits() -> None:
    def deep(x: Any) -> Any:  # reverse keeps what each of many steps leaves
        def step(carried: Any, _: None) -> Any:
            return jnp.sin(jnp.outer(carried, carried)).sum(0), None

        return jax.lax.scan(step, x, None, length=400)[0][:3]

    x = jnp.ones(64)
    assert jsc.jacobian_chunks(deep, x).mode == "reverse"
    kept = jsc.jacobian_chunks(deep, x, "reverse", 1).predicted_bytes
    assert kept is not None
    limited = jsc.jacobian_chunks(deep, x, memory_limit=kept // 2)
    assert limited.mode == "forward"
    assert limited.predicted_bytes is not None
    assert limited.predicted_bytes <= kept // 2


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1)])
def test_sizes_0_and_1(shape: tuple[int, int]) -> None:
    m, n = shape

    def f(x: Any) -> Any:
        return jnp.full(m, x.sum())

    for mode in ("auto", *MODES):
        chunks = jsc.jacobian_chunks(f, jnp.ones(n), mode)
        assert chunks.shape == shape
        np.testing.assert_array_equal(assembled(chunks), jax.jacfwd(f)(jnp.ones(n)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "sideways"}, "`mode` must be one of auto, forward, reverse, linearize, but got"),
        ({"chunk_size": 0}, "`chunk_size` must be a positive integer, but got 0"),
        ({"memory_limit": "much"}, "`memory_limit` must be bytes"),
        ({"start": -1}, "`start` must be the index of a row, from 0 to 7, but got -1"),
        ({"start": 8}, "`start` must be the index of a row, from 0 to 7, but got 8"),
        ({"start": 1.0}, "`start` must be the index of a row, from 0 to 7, but got 1.0"),
        ({"start": True}, "`start` must be the index of a row, from 0 to 7, but got True"),
        ({"start": 5, "stop": 4}, "`start` must be the index of a row, from 0 to 4, but got 5"),
        ({"stop": 8}, "`stop` must be the index of a row, from 0 to 7, but got 8"),
        ({"mode": "forward", "stop": 6}, "`stop` must be the index of a column, from 0 to 5"),
        ({"argnums": 2}, "With `argnums=2`, `x` must be the tuple of all arguments"),
    ],
)
def test_what_is_off(options: dict[str, Any], message: str) -> None:
    error = TypeError if "argnums" in options else ValueError
    with pytest.raises(error, match=message):
        jsc.jacobian_chunks(tall, point(), **{"mode": "reverse", **options})


def test_points_and_functions_that_do_not_work() -> None:
    with pytest.raises(TypeError, match="`x` must be floating point, but got int32"):
        jsc.jacobian_chunks(tall, jnp.arange(3))
    with pytest.raises(TypeError, match="`f\\(x\\)` must be floating point, but got int32"):
        jsc.jacobian_chunks(lambda x: x.astype(int), point())
    with pytest.raises(TypeError, match="`f` must be a function, but got int"):
        jsc.jacobian_chunks(3, point())  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="`x` must be concrete, but is traced"):
        jax.jit(lambda x: jsc.jacobian_chunks(tall, x)[0].values)(point())
    with pytest.raises(jax.errors.ConcretizationTypeError) as error:
        jsc.jacobian_chunks(branching, point())
    assert "f branches on the value of its input" in "".join(error.value.__notes__)
