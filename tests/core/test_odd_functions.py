"""Functions that go wrong in ways of their own: each works, or says in one sentence why not.

The sentence is the same on the rows of a comparison, which a terminal and the page show, and in
Python: as the exception's own text, or as a note below what JAX raised.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from tests.core.odd_functions import (
    DIFFER,
    MORE,
    TWENTY_FIVE,
    Odd,
    X,
    compared,
    endless,
    printing,
    seen,
)

pytestmark = pytest.mark.usefixtures("quickly_compiled")


def test_they_are_twenty_five() -> None:
    assert len({each.name for each in TWENTY_FIVE}) == 25


@pytest.mark.parametrize("odd", [*TWENTY_FIVE, *MORE], ids=str)
def test_each_row_works_or_says_why_not(odd: Odd) -> None:
    seen.clear()
    study = compared(odd.f, odd.x, **dict(odd.options))
    assert len(study.rows) >= 7
    for row in study.rows:
        fails = not odd.failing or odd.failing in (row.mode, row.strategy)
        status, says = (odd.status, odd.says) if fails else ("ok", odd.also)
        assert row.status == status, row.message
        assert re.search(says, row.message, re.DOTALL), row.message
        if not says:
            assert row.message == ""
        if status == "ok":
            assert row.median_s is not None
        if status == "ok" and (not says or not fails):
            assert row.error is not None
            assert row.error < 1e-5
    if all(row.status != "ok" for row in study.rows):
        assert study.best() is None
        assert len({row.message for row in study.rows}) == 1


def said_by(call: Callable[[], Any], error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        call()
    return "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])


@pytest.mark.parametrize("odd", [*TWENTY_FIVE, *MORE], ids=str)
def test_jacobian_works_or_says_the_same(odd: Odd) -> None:
    if odd.f is endless:
        return  # in this process nothing could stop it
    seen.clear()
    limit = dict(odd.options).get("memory_limit")

    def jacobian() -> Any:
        return jsc.jacobian(odd.f, odd.x, memory_limit=limit)

    if odd.python is not None:
        said = said_by(jacobian, odd.python)
        assert re.search(odd.says.removeprefix("f raised LookupError: "), said, re.DOTALL), said
        return
    J = jacobian()
    if DIFFER in odd.says:
        return  # each trace is of another function
    builtin = jax.jacrev if odd.failing == "forward" else jax.jacfwd
    np.testing.assert_allclose(J, builtin(odd.f)(odd.x), rtol=1e-5)


@pytest.mark.parametrize("odd", [*TWENTY_FIVE, *MORE], ids=str)
def test_advise_works_or_says_the_same(odd: Odd) -> None:
    if odd.f is endless:
        return
    seen.clear()
    limit = dict(odd.options).get("memory_limit")

    def advise() -> jsc.Advice:
        return jsc.advise(odd.f, odd.x, memory_limit=limit)

    if odd.advise is not None:
        said = said_by(advise, odd.advise)
        assert re.search(odd.says.removeprefix("f raised LookupError: "), said, re.DOTALL), said
        return
    advice = advise()
    assert advice.strategy
    if DIFFER in odd.says or "side effect" in odd.says:
        assert re.search(odd.says, advice.reason)


def test_what_a_function_prints_is_seen_inline(capfd: pytest.CaptureFixture[str]) -> None:
    study = compared(printing, X, only=("forward/vmap", "reverse/vmap"))
    jax.effects_barrier()
    assert {(row.status, row.message) for row in study.rows} == {("ok", "")}
    printed = capfd.readouterr().out
    assert "x is JitTracer" in printed
    assert "x is [0.2" in printed


def test_random_numbers_are_not_called_wrong() -> None:
    for row in compared(lambda x: x * random.random(), X, only=("jax.jacfwd",)).rows:
        assert row.error is None
        assert "Not checked: JAX's own derivative in float64 would be one of another" in row.message


def test_modes_that_differ_in_where_they_are_not_finite() -> None:
    study = compared(lambda x: jnp.sqrt(x - x[0]), X, only=("jax.jacfwd", "jax.jacrev"))
    said = study.row("jax.jacrev").message
    assert "1 of its 9 entries is NaN or infinite" in said
    assert "Wrong: it is NaN or infinite where JAX's own derivative in float64 is finite" in said
    assert "Wrong" not in study.row("jax.jacfwd").message


TWO_DEVICES = """
import jax, jax.numpy as jnp, jacoscope as jsc
from jacoscope._compare import run_study
mesh = jax.make_mesh((2,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
x = jax.device_put(jnp.ones(4), jax.NamedSharding(mesh, jax.P("d")))
study = run_study(jnp.sin, x, None, {"only": ["jax.jacfwd"], "chunk_sizes": []}, "inline")
print({(row.status, row.message) for row in study.rows})
print(jsc.jacobian(jnp.sin, x).shape, jsc.advise(jnp.sin, x).strategy != "")
"""


def test_an_input_on_two_devices() -> None:
    flags = "--xla_force_host_platform_device_count=2"
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES],
        env={**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = "`x` lies on 2 devices; it was gathered on cpu:0 alone."
    assert done.stdout.splitlines() == [str({("ok", said)}), "(4, 4) True"]
