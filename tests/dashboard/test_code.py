"""The script that reproduces the screen, run for every quantity."""

from __future__ import annotations

import ast
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jacoscope_dashboard._code import snippet
from jacoscope_dashboard._experiment import OWN, Experiment

WAYS: list[dict[str, Any]] = [
    {},
    {"mode": "reverse", "batching": "chunked", "chunk_size": 3},
    {"mode": "forward", "batching": "loop", "knobs": {"batch": 6, "wrt": "(W, b)"}},
    {"quantity": "hessian", "problem": "logistic_loss", "batching": "map"},
    {"quantity": "hvp", "problem": "tanh_sum", "order": "reverse_over_reverse"},
    {"quantity": "jmp", "vectors": 5, "batching": "vmap"},
    {"quantity": "mjp", "vectors": 5, "batching": "chunked", "chunk_size": 2},
    {"problem": "python_control_flow"},
]


@pytest.mark.parametrize("changes", WAYS)
def test_the_script_runs(changes: dict[str, Any]) -> None:
    names: dict[str, Any] = {}
    exec(snippet(Experiment(**changes).spec()), names)
    leaves = jax.tree.leaves(names["result"])
    assert leaves
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in leaves)


def test_the_script_computes_what_is_on_the_screen() -> None:
    names: dict[str, Any] = {}
    exec(snippet(Experiment(knobs={"batch": 6}, mode="reverse").spec()), names)
    expected = jax.jacfwd(names["f"])(names["x"])
    assert names["result"].shape == (6, 3)
    np.testing.assert_allclose(names["result"], expected, rtol=1e-5)


def test_the_script_for_ones_own_function_takes_f_and_x() -> None:
    names: dict[str, Any] = {"f": jnp.sin, "x": jnp.ones(3)}
    exec(snippet(Experiment(problem=OWN).spec()), names)
    np.testing.assert_allclose(names["result"], jnp.diag(jnp.cos(jnp.ones(3))), rtol=1e-6)


def test_defaults_are_left_out() -> None:
    assert snippet(Experiment().spec()) == (
        "import jacoscope as jsc\n\n"
        'p = jsc.problem("logistic_regression")\nf, x = p.f, p.x\nresult = jsc.jacobian(f, x)\n'
    )


def test_no_text_of_a_link_gets_out_of_its_quotes() -> None:
    device = 'x"+print("out")+"'
    (call,) = ast.parse(snippet(Experiment(device=device).spec())).body[-1:]
    assert isinstance(call, ast.Assign)
    assert isinstance(call.value, ast.Call)
    assert [ast.literal_eval(each.value) for each in call.value.keywords] == [device]
