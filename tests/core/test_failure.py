"""The sentences for what goes wrong, and where they are read."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope._failure import Failure, attempt, explain, explained
from tests.helpers import branching

TAKEN = "hands a traced array to NumPy"


def numpy_inside(x: Any) -> Any:
    return np.sin(x)


def raised_by(call: Any) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (its type is what is asked for)
        call()
    return caught.value


def test_the_exception_stays_and_has_the_sentence_below_it() -> None:
    x = jnp.ones(3)
    for call in (
        lambda: jsc.jacobian(numpy_inside, x),
        lambda: jsc.jacobian(numpy_inside, x, mode="reverse", batching="map"),
        lambda: jsc.hessian(lambda x: numpy_inside(x).sum(), x),
        lambda: jsc.advise(numpy_inside, x),
    ):
        error = raised_by(call)
        assert isinstance(error, jax.errors.TracerArrayConversionError)
        assert error.__notes__[-1] == explain(error).message  # after a note of JAX's own
        assert TAKEN in error.__notes__[-1]


def test_a_sentence_is_not_said_twice() -> None:
    @explained()
    def nested() -> None:
        with explained():
            jax.jit(numpy_inside)(jnp.ones(3))

    assert sum(TAKEN in note for note in raised_by(nested).__notes__) == 1
    for own in (TypeError("`x` must be mine."), ValueError("my trouble"), KeyError("k")):

        def trouble(own: Exception = own) -> None:
            with explained():
                raise own

        assert raised_by(trouble) is own
        assert not hasattr(own, "__notes__")


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (ValueError("my trouble"), "crashed", "f raised ValueError: my trouble"),
        (IndexError("list index out of range"), "crashed", "f raised IndexError: list index out"),
        (MemoryError("no"), "out_of_memory", "It ran out of memory: no"),
        (ValueError("RESOURCE_EXHAUSTED: 9 GB"), "out_of_memory", "It ran out of memory"),
        (TypeError("`x` must be so. But\nis not."), "unsupported", "`x` must be so. But is not."),
        (ImportError("Coloring needs asdex."), "unsupported", "Coloring needs asdex."),
        (ImportError("No module named 'torch'"), "crashed", "f raised ImportError: No module"),
    ],
)
def test_what_is_said(error: Exception, status: str, sentence: str) -> None:
    said = explain(error)
    assert said.status == status
    assert said.message.startswith(sentence)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + jnp.ones(4),
        lambda x: x @ jnp.ones(4),
        lambda x: x.reshape(2, 2),
        lambda x: jnp.dot(jnp.ones((2, 4)), x),
    ],
)
def test_shapes_that_do_not_fit(f: Any) -> None:
    said = attempt(lambda: jax.eval_shape(f, jnp.ones(3)))
    assert isinstance(said, Failure)
    assert said.status == "unsupported"
    assert said.message.startswith("`x` must have a shape that `f` can take, but `f` raised Type")
    assert said.message.endswith("Pass an `x` that fits, or make `f` fit it.")


def test_a_value_for_a_traced_one() -> None:
    said = attempt(lambda: jax.eval_shape(branching, jnp.ones(())))
    assert isinstance(said, Failure)
    assert said.message == (
        "f branches on the value of its input, which this way of batching has to trace."
        " Use lax.cond or jnp.where in f, or vmap or loop run eagerly."
    )
