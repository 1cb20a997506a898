"""Memory limits: refused before anything is allocated, with the number and what would fit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._limits import largest_chunk, read_bytes


def predicted(f: Any, x: Any) -> int:
    stats = jax.jit(f).lower(x).compile().memory_analysis()
    assert stats is not None
    return stats.argument_size_in_bytes + stats.output_size_in_bytes + stats.temp_size_in_bytes


@pytest.mark.parametrize(
    ("written", "count"),
    [
        (7, 7),
        ("7", 7),
        ("2GB", 2 * 10**9),
        ("1.5 kb", 1500),
        ("2 GiB", 2**31),
        (" 3MB ", 3 * 10**6),
    ],
)
def test_reading_a_limit(written: Any, count: int) -> None:
    assert read_bytes(written) == count


@pytest.mark.parametrize("written", ["", "two", "-1", "5 apples", 0, -3, True, "1e9GB", None])
def test_what_is_no_limit(written: Any) -> None:
    with pytest.raises(ValueError, match="`memory_limit` must be bytes, such as 2000000 or '2GB'"):
        read_bytes(written)


@pytest.mark.parametrize("limit", [99, 100, 101, 164, 1000, 7_300, 102_500])
def test_the_largest_chunk(limit: int) -> None:
    asked: list[int] = []

    def predict(size: int) -> int:
        asked.append(size)
        return 100 + size

    found = largest_chunk(predict, 1024, limit)
    true = min(limit - 100, 1024)
    if true < 1:
        assert found is None
    else:
        assert found is not None
        assert 7 * true / 8 - 1 <= found <= true
    assert len(asked) <= 8


def test_all_at_once_may_need_less_than_one_at_a_time() -> None:
    assert largest_chunk(lambda size: 50 if size == 32 else 100 + size, 32, 90) == 32


def widening(x: Any) -> Any:
    """Each pass needs a matrix: what vmap takes grows with the passes at once."""
    return jnp.sin(jnp.outer(x, x)) @ x


def test_auto_takes_chunks_that_fit() -> None:
    x = jnp.linspace(0.0, 1.0, 64)
    whole = predicted(lambda x: jsc.jacobian(widening, x, "forward"), x)
    limit = whole // 3
    inside = jsc.jacobian(widening, x, "forward", memory_limit=limit)
    np.testing.assert_allclose(inside, jax.jacfwd(widening)(x), rtol=1e-5, atol=1e-6)
    with pytest.raises(jsc.MemoryLimitError, match="The largest chunk size that fits is") as error:
        jsc.jacobian(widening, x, "forward", "vmap", memory_limit=limit)
    chunk = error.value.largest_chunk
    assert error.value.needed_bytes == whole
    assert error.value.limit_bytes == limit
    assert chunk is not None
    built = predicted(lambda x: jsc.jacobian(widening, x, "forward", chunk_size=chunk), x)
    assert built <= limit


def test_one_pass_at_a_time_where_no_chunk_fits() -> None:
    made = jsc.problem("pairwise_distances", points=64)
    distances, x = made.f, made.x
    one = predicted(lambda x: jsc.jacobian(distances, x, "reverse", "map"), x)
    single = predicted(lambda x: jsc.jacobian(distances, x, "reverse", chunk_size=1), x)
    limit = (one + single) // 2
    assert one < limit < single
    inside = jsc.jacobian(distances, x, "reverse", memory_limit=limit)
    np.testing.assert_allclose(inside, jax.jacrev(distances)(x), rtol=1e-5, atol=1e-6)
    advised = jsc.advise(distances, x, memory_limit=limit).predicted_bytes
    assert advised is not None
    assert advised <= limit
    with pytest.raises(jsc.MemoryLimitError, match="No chunk size fits"):
        jsc.jacobian(distances, x, "reverse", "vmap", memory_limit=limit)


def test_a_result_that_cannot_fit() -> None:
    with pytest.raises(jsc.MemoryLimitError, match="No chunk size fits") as error:
        jsc.jacobian(jnp.sin, jnp.ones(100), memory_limit="10kB")
    assert error.value.largest_chunk is None
    with pytest.raises(jsc.MemoryLimitError):
        jsc.hessian(lambda x: jnp.sum(x**3), jnp.ones(100), memory_limit="10kB")


def test_forty_gigabytes_are_refused_at_once() -> None:
    study = jsc.compare(jnp.sin, jnp.ones(100_000), memory_limit="2GB", runner="inline")
    for row in study.rows:
        assert row.batching != "colored"  # to find a pattern would take seconds
        assert row.status == "refused"
        assert "It needs 40 GB, above the memory limit of 2 GB. No chunk size fits" in row.message
        assert row.compile_s is None  # by shape alone
        assert row.output_bytes == pytest.approx(40e9, rel=1e-3)


def test_a_row_is_refused_by_prediction_and_names_a_chunk() -> None:
    x = jnp.linspace(0.0, 1.0, 32)
    whole = predicted(lambda x: jsc.jacobian(widening, x, "forward"), x)
    study = jsc.compare(widening, x, memory_limit=whole // 3, runner="inline", chunk_sizes=(4,))
    row = study.row("forward/vmap")
    assert row.status == "refused"
    assert row.predicted_bytes == whole
    assert "The largest chunk size that fits is " in row.message
    chunk = int(row.message.rsplit(" ", 1)[1].rstrip("."))
    assert (
        predicted(lambda x: jsc.jacobian(widening, x, "forward", chunk_size=chunk), x) <= whole // 3
    )
    assert study.row("forward/chunked/4").status == "ok"
