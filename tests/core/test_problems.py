"""The gallery: names, knobs and ranges without JAX, and the seed's own numbers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jacoscope as jsc
from jacoscope.problems import families


def test_the_seeds_example() -> None:
    problem = jsc.problem("logistic_regression", batch=4, features=3)
    _, w_key, b_key = jax.random.split(jax.random.key(0), 3)
    w, b = jax.random.normal(w_key, (3,)), jax.random.normal(b_key, ())
    np.testing.assert_array_equal(problem.x, w)
    inputs = jnp.array(
        [[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]]
    )
    expected = 0.5 * (jnp.tanh((inputs @ w + b) / 2) + 1)
    np.testing.assert_allclose(problem.f(problem.x), expected, rtol=1e-6)
    both = jsc.problem("logistic_regression", wrt="(W, b)")
    np.testing.assert_array_equal(both.x[1], b)


@pytest.mark.parametrize("each", families(), ids=lambda each: each.name)
def test_every_family_says_what_it_is(each: Any) -> None:
    problem = each.problem()
    for text in (each.title, each.group, each.about, each.source):
        assert text
    assert (problem.title, problem.about, problem.source) == (each.title, each.about, each.source)
    assert list(problem.knobs)[-2:] == ["dtype", "seed"]
    for knob in problem.knobs.values():
        assert knob.title
        assert knob.meaning.endswith(".")
        assert knob.check(knob.default) == knob.default
        assert problem.settings[knob.name] == knob.default
    each.check(each.telling)
    jax.eval_shape(problem.f, problem.x) if each.name != "python_control_flow" else None


@pytest.mark.parametrize("each", families(), ids=lambda each: each.name)
def test_seeds_and_dtypes(each: Any) -> None:
    first, again, other = each.problem(), each.problem(), each.problem(seed=7)
    same = jax.tree.map(np.array_equal, first.x, again.x)
    assert all(jax.tree.leaves(same))
    if each.name != "python_control_flow":
        assert not all(jax.tree.leaves(jax.tree.map(np.array_equal, first.x, other.x)))
    with jax.enable_x64(True):
        double = each.problem(dtype="float64")
        for ours, theirs in zip(jax.tree.leaves(first.x), jax.tree.leaves(double.x), strict=True):
            assert theirs.dtype == np.float64
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "knobs", "sentence"),
    [
        ("logistic", {}, "There is no problem 'logistic'. There are logistic_regression,"),
        ("tanh_sum", {"batch": 3}, "`tanh_sum` has no knob 'batch'. It has rows, columns, dtype"),
        ("logistic_regression", {"batch": 0}, "`batch` must be between 1 and 65536, but got 0"),
        ("logistic_regression", {"batch": 2.5}, "`batch` must be an integer, but got 2.5"),
        ("logistic_regression", {"batch": True}, "`batch` must be an integer, but got True"),
        ("logistic_regression", {"wrt": "b"}, r"`wrt` must be one of W, \(W, b\), but got 'b'"),
        ("tanh_sum", {"dtype": "float64"}, "`dtype` float64 needs JAX's x64 mode"),
    ],
)
def test_wrong_knobs(name: str, knobs: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        jsc.problem(name, **knobs)


def test_asking_families_starts_no_backend() -> None:
    script = (
        "import jax, jacoscope as jsc\n"
        "from jacoscope.problems import families\n"
        "from jacoscope.run import problem_target\n"
        "for each in families(): problem_target(each.name, dict(each.telling))\n"
        "jax.config.update('jax_platforms', 'nonesuch')\n"  # only heeded before a backend starts
        "try: jax.devices()\n"
        "except RuntimeError as error: print('nonesuch' in str(error))\n"
    )
    command = [sys.executable, "-c", script]
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "True", done.stderr
