"""A function that came as source text, and the sentences where it can't be used."""

from __future__ import annotations

import io
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jacoscope._failure import PlainError
from jacoscope.run import Job, local_runner, source_target
from jacoscope.run._source import build
from jacoscope.run._target import opened

CUBE = "def f(x):\n    return x**3\n"
WITH_POINT = f"import jax.numpy as jnp\n\n\n{CUBE}\n\nx = jnp.arange(3.0)\n"


def saved(**arrays: Any) -> bytes:
    with io.BytesIO() as file:
        np.savez(file, **arrays)
        return file.getvalue()


def test_a_point_from_the_code() -> None:
    with opened(source_target(WITH_POINT)) as target:
        assert target.x.tolist() == [0.0, 1.0, 2.0]
        assert target.f(target.x).tolist() == [0.0, 1.0, 8.0]


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 4)])
def test_a_point_from_a_shape(shape: tuple[int, ...], dtype: str) -> None:
    with opened(source_target(CUBE, shape=shape, dtype=dtype)) as target:
        assert (target.x.shape, target.x.dtype) == (shape, jnp.dtype(dtype))
    assert not jax.config.values["jax_enable_x64"]


def test_a_shape_goes_before_the_codes_own_point() -> None:
    _, x = build(source_target(WITH_POINT, shape=(2, 2)))
    assert x.shape == (2, 2)


def test_a_point_from_a_file() -> None:
    with io.BytesIO() as file:
        np.save(file, np.ones((2, 3)))
        _, x = build(source_target(CUBE, arrays=file.getvalue(), dtype="float16"))
    assert (x.shape, x.dtype) == ((2, 3), jnp.float16)
    _, x = build(source_target(CUBE, arrays=saved(any_name=np.ones((3, 4)))))
    assert (x.shape, x.dtype) == ((3, 4), jnp.float32)
    several = saved(weights=np.ones((3, 2)), bias=np.zeros(2), steps=np.arange(3))
    _, x = build(source_target(CUBE, arrays=several))
    assert {name: leaf.shape for name, leaf in x.items()} == {
        "weights": (3, 2),
        "bias": (2,),
        "steps": (3,),
    }
    assert x["steps"].dtype == jnp.int32  # as it was: `f` may not be differentiated by it


WRONG = {
    "": "must define `f`",
    "f = 3": "`f` must be a function, but in the code it is int",
    "def f(x) return x": "Line 1 of the code can't be read",
    "x = 1\ny = undefined": "Line 2 of the code raised NameError: name 'undefined'",
    "import jax\n\ndef g():\n    raise KeyError('k')\n\ng()": "Line 4 of the code raised KeyError",
    "import no_such_module": "Line 1 of the code raised ModuleNotFoundError",
    CUBE: "There is no point",
    "\0": "null bytes",
    "(" * 10_000: "of the code can't be read|The code raised",
}


@pytest.mark.parametrize("source", WRONG, ids=lambda source: source[:12])
def test_what_is_wrong_with_the_code(source: str) -> None:
    with pytest.raises(PlainError, match=WRONG[source]):
        build(source_target(source))


def test_what_is_wrong_with_the_file() -> None:
    words = saved(x=np.array(["a"]))
    with pytest.raises(PlainError, match="`x` in the file holds <U1, where numbers are needed"):
        build(source_target(CUBE, arrays=words))


def test_a_point_that_is_too_large() -> None:
    with pytest.raises(PlainError, match="`x` would take 40 GB"):
        build(source_target(CUBE, shape=(100_000, 100_000)))


def test_a_worker_runs_it() -> None:
    runner = local_runner()
    target = source_target(WITH_POINT)
    outcome = runner.submit(Job("advise", target, {"quantity": "jacobian"})).result(60)
    assert outcome.status == "ok", outcome.message
    broken = source_target(f"{WITH_POINT}\nraise SystemExit(3)")
    outcome = runner.submit(Job("advise", broken, {"quantity": "jacobian"})).result(60)
    assert outcome.status == "failed"
    outcome = runner.submit(Job("advise", target, {"quantity": "jacobian"})).result(60)
    assert outcome.status == "ok", outcome.message
