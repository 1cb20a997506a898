"""The script of the tab Products, run: its vectors are those that the worker shows."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from jacoscope.run import InlineRunner
from jacoscope_dashboard._experiment import OWN, Experiment
from jacoscope_dashboard._product_code import products_snippet
from jacoscope_dashboard._requests import products_request


@pytest.mark.parametrize(
    "changes",
    [
        {"tangent": "random:3", "cotangent": "ones", "knobs": {"batch": 6, "wrt": "(W, b)"}},
        {
            "problem": "plane_map",
            "knobs": {"dtype": "float64"},
            "tangent": "0.5,-1",
            "cotangent": "basis:1",
        },
    ],
)
def test_the_script_computes_what_is_on_the_screen(changes: dict[str, Any]) -> None:
    spec = Experiment(**changes).spec()
    shown = InlineRunner().submit(products_request(spec)[1]).result().value
    names: dict[str, Any] = {}
    wide = spec["knobs"].get("dtype") == "float64"
    script = products_snippet(spec).replace('jax.config.update("jax_enable_x64", True)', "")
    with jax.enable_x64(wide):  # as that line does, for good
        exec(script, names)
        for name in ("pushed", "pulled"):
            ours = np.asarray(ravel_pytree(names[name])[0], np.float64)
            np.testing.assert_allclose(ours, shown[name]["values"], rtol=1e-5, atol=1e-7)
        for name in ("inner_forward", "inner_reverse"):
            assert float(names[name]) == pytest.approx(shown[name], rel=1e-5)


def test_ones_own_function_is_given() -> None:
    script = products_snippet(Experiment(problem=OWN).spec())
    assert "# f and x are yours." in script
    assert 'jax.config.update("jax_enable_x64", True)' not in script
    wide = products_snippet(Experiment(knobs={"dtype": "float64"}).spec())
    assert 'jax.config.update("jax_enable_x64", True)' in wide
