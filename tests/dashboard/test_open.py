"""`explore` with one argument or several: what travels is a function of what is differentiated."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jacoscope.run._target import opened as opened_target
from jacoscope_dashboard import explore
from tests.dashboard.helpers import FakeRunner, text
from tests.helpers import relative_error

W, X = jnp.linspace(-1.0, 1.0, 12).reshape(3, 4), jnp.arange(4.0)


def layer(w: Any, x: Any, *, steep: float = 1.0) -> Any:
    return jnp.tanh(steep * (w @ x))


def layer_with_aux(w: Any, x: Any, *, steep: float = 1.0) -> Any:
    y = layer(w, x, steep=steep)
    return y, {"largest": jnp.max(y)}


@pytest.mark.parametrize("argnums", [0, 1, -1, (0,), (0, 1), (1, 0)])
@pytest.mark.parametrize("has_aux", [False, True])
def test_several_arguments(argnums: Any, has_aux: bool) -> None:
    f = layer_with_aux if has_aux else layer
    runner = FakeRunner()
    explorer = explore(f, W, X, argnums=argnums, has_aux=has_aux, steep=0.5, runner=runner)
    target = runner.last("matrix").job.target
    assert target["title"] == f.__name__
    assert f"· {f.__name__}" in text(explorer)
    with opened_target(target) as found:
        ours = jax.jacrev(found.f)(found.x)
    theirs = jax.jacrev(lambda *args: layer(*args, steep=0.5), argnums)(W, X)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    assert relative_error(ours, theirs) < 1e-6
    explorer.close()


def test_a_tuple_is_one_argument() -> None:
    runner = FakeRunner()
    explore(lambda pair: pair[0] * pair[1], (X, X), runner=runner).close()
    with opened_target(runner.last("matrix").job.target) as found:
        assert jnp.array_equal(found.f(found.x), X**2)


def test_the_point_by_its_name() -> None:
    runner = FakeRunner()
    explore(jnp.sin, x=np.ones(3), runner=runner).close()
    with opened_target(runner.last("matrix").job.target) as found:
        assert jnp.array_equal(found.x, np.ones(3))


def test_what_is_wrong_with_the_arguments() -> None:
    with pytest.raises(ValueError, match="`argnums` must be below 2"):
        explore(layer, W, X, argnums=2)
    with pytest.raises(TypeError, match="must be floating point"):
        explore(layer, W, jnp.arange(4), argnums=1)
    with pytest.raises(TypeError, match="without a point"):
        explore(layer, steep=2.0)


def test_aux_has_to_be_there() -> None:
    runner = FakeRunner()
    explore(layer, W, X, has_aux=True, runner=runner).close()
    with (
        opened_target(runner.last("matrix").job.target) as found,
        pytest.raises(TypeError, match=r"must return a pair `\(y, aux\)` with `has_aux=True`"),
    ):
        found.f(found.x)


def test_the_workers_start_before_panel_is_loaded() -> None:
    script = """
        import sys
        from jacoscope_dashboard import explore
        from jacoscope.run import LocalRunner

        assert "panel" not in sys.modules
        loaded = []
        start = LocalRunner.start
        LocalRunner.start = lambda self: (loaded.append("panel" in sys.modules), start(self))
        explore().close()
        print(loaded, "panel" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.stdout.split("\n")[0] == "[False] True", done.stderr
